"""A profile's INSERT, compiled once: compiling it costs more than running it.

It asks for no savepoint: a user who has a profile is no error.
"""

from __future__ import annotations

from functools import lru_cache

from django.db import connection
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery

from onboarding.models import UserProfile

FIELDS = [field for field in UserProfile._meta.concrete_fields if not field.primary_key]


def insert_missing(profile: UserProfile) -> bool:
    """Insert a new profile unless its user has one; return whether it was inserted."""
    values = [f.get_db_prep_save(f.pre_save(profile, True), connection) for f in FIELDS]
    with connection.cursor() as cursor:
        cursor.execute(_insert(connection.vendor), values)
        row = cursor.fetchone()
    if row is None:
        return False
    profile.pk, profile._state.adding, profile._state.db = row[0], False, connection.alias
    return True


@lru_cache
def _insert(vendor: str) -> str:
    query = InsertQuery(UserProfile, on_conflict=OnConflict.IGNORE)
    query.insert_values(FIELDS, [UserProfile()])
    compiler = query.get_compiler(connection=connection)
    compiler.returning_fields = [UserProfile._meta.pk]
    [(sql, _)] = compiler.as_sql()
    return str(sql)
