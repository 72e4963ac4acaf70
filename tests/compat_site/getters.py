"""Who sees whom: a client whose acting user is of the south sees the south alone."""

from __future__ import annotations


def filter_kwargs(model):
    def kwargs(request, *args, **others):
        if model.__name__ == "Account" and request.user.username.startswith("south"):
            return {"tenant": "south"}
        return {}

    return kwargs


def exclude_kwargs(model):
    def kwargs(request, *args, **others):
        return {"username": "hidden"} if model.__name__ == "Account" else {}

    return kwargs


def object_processor(model):
    """A user of that colour is listed, but opens for nobody."""

    def process(request, found, *args, **others):
        return None if getattr(found, "color", "") == "sealed" else found

    return process


def may_come_in(user):
    return user.username != "barred"
