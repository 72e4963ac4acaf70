"""Fill in what events of before are found by, in batches that lock nobody out."""

from django.db import migrations

from scim_provisioning.protocol.fold import fold

BATCH = 1000
HEAD = 200


def fill(apps, schema_editor):
    events = apps.get_model("scim_provisioning", "ProvisioningEvent").objects.order_by("pk")
    last = 0
    while rows := list(events.filter(pk__gt=last).only("resource_name", "resource_key")[:BATCH]):
        for row in rows:
            row.resource_key = fold(row.resource_name)[:HEAD]
        events.bulk_update([row for row in rows if row.resource_key], ["resource_key"])
        last = rows[-1].pk


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("scim_provisioning", "0013_event_indexes")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
