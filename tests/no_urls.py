"""A site that includes nothing."""

urlpatterns: list[object] = []
