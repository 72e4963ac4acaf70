"""Texts that are no First Login Actions, and what is said of them, wherever they are given."""

from __future__ import annotations

import json

import pytest

ROLES = ("Administrator", "Designer", "Business User", "End User")
KINDS = ("folder", "semanticModel", "workbook", "dashboard")
GOOD = (
    '{ "roleName": "Business User", "sendWelcomeMailToUser": false,'
    ' "updatePreferences": false, "defaultEntities": { } }'
)
KEYS = "'roleName', 'sendWelcomeMailToUser', 'updatePreferences', 'defaultEntities'"
ALL_ROLES = "'Administrator', 'Designer', 'Business User', 'End User'"
ALL_KINDS = "'folder', 'semanticModel', 'workbook', 'dashboard'"
MANY = json.dumps([str(i) for i in range(101)])
R = '"roleName": "End User"'

BAD = {
    "empty": ("", ["Line 1, column 1: the text is empty"]),
    "only space": ("\n  ", ["Line 2, column 3: the text is empty"]),
    "null": ("null", ["Line 1, column 1: null is not of type 'object'"]),
    "a list": ("[]", ["Line 1, column 1: [] is not of type 'object'"]),
    "nothing in it": ("{}", ["Line 1, column 1: roleName: is missing"]),
    "a string for a boolean": (
        '{ "roleName": "End User",\n  "sendWelcomeMailToUser": "false" }',
        ["Line 2, column 28: sendWelcomeMailToUser: 'false' is not of type 'boolean'"],
    ),
    "a number for a boolean": (
        f'{{{R}, "updatePreferences": 0}}',
        ["Line 1, column 47: updatePreferences: 0 is not of type 'boolean'"],
    ),
    "null for a boolean": (
        f'{{{R}, "updatePreferences": null}}',
        ["Line 1, column 47: updatePreferences: null is not of type 'boolean'"],
    ),
    "a list of roles": (
        '{"roleName": ["End User"]}',
        ["Line 1, column 14: roleName: […] is not of type 'string'"],
    ),
    "an unknown role": (
        '{"roleName": "Reader"}',
        [f"Line 1, column 14: roleName: there is no role 'Reader'; the roles are {ALL_ROLES}"],
    ),
    "a role in other letters": (
        '{"roleName": "business user"}',
        [
            "Line 1, column 14: roleName: there is no role 'business user';"
            f" did you mean 'Business User'? The roles are {ALL_ROLES}"
        ],
    ),
    "an empty role": (
        '{"roleName": ""}',
        [f"Line 1, column 14: roleName: there is no role ''; the roles are {ALL_ROLES}"],
    ),
    "a key mistyped": (
        f'{{{R},\r\n"sendWelcomeMail": true}}',
        [
            "Line 2, column 1: sendWelcomeMail: unknown key; did you mean 'sendWelcomeMailToUser'?"
        ],
    ),
    "a key that resembles none": (
        f'{{{R}, "x y": 1}}',
        [f"Line 1, column 26: ['x y']: unknown key; the keys are {KEYS}"],
    ),
    "a key twice": (
        f'{{{R}, {R}}}',
        ["Line 1, column 26: roleName: the key is there twice"],
    ),
    "entities in a list": (
        f'{{{R}, "defaultEntities": []}}',
        ["Line 1, column 45: defaultEntities: [] is not of type 'object'"],
    ),
    "an unknown kind": (
        f'{{{R}, "defaultEntities": {{"dashbord": "Sales"}}}}',
        [
            "Line 1, column 46: defaultEntities.dashbord: unknown kind;"
            f" did you mean 'dashboard'? The kinds are {ALL_KINDS}"
        ],
    ),
    "a kind that resembles none": (
        f'{{{R}, "defaultEntities": {{"printer": "Sales"}}}}',
        [
            "Line 1, column 46: defaultEntities.printer: unknown kind;"
            f" the kinds are {ALL_KINDS}"
        ],
    ),
    "an entity that is no name": (
        f'{{{R}, "defaultEntities": {{"folder": {{"name": "x"}}}}}}',
        [
            "Line 1, column 56: defaultEntities.folder:"
            " {…} is not of type 'string' or 'array'"
        ],
    ),
    "a number among names": (
        f'{{{R}, "defaultEntities": {{"folder": ["a", 5]}}}}',
        ["Line 1, column 62: defaultEntities.folder[1]: 5 is not of type 'string'"],
    ),
    "an empty name": (
        f'{{{R}, "defaultEntities": {{"folder": " "}}}}',
        ["Line 1, column 56: defaultEntities.folder: a name cannot be empty"],
    ),
    "a name twice": (
        f'{{{R}, "defaultEntities": {{"folder": ["a", "b", "a"]}}}}',
        ["Line 1, column 67: defaultEntities.folder[2]: 'a' is named twice"],
    ),
    "a long name": (
        f'{{{R}, "defaultEntities": {{"folder": "{"a" * 501}"}}}}',
        ["Line 1, column 56: defaultEntities.folder: longer than 500 characters"],
    ),
    "many names": (
        f'{{{R}, "defaultEntities": {{"folder": {MANY}}}}}',
        ["Line 1, column 56: defaultEntities.folder: more than 100 names"],
    ),
    "a comma too many": (
        f"{{{R},\n}}",
        ["Line 1, column 24: a comma too many"],
    ),
    "a comma missing": (
        f'{{{R}\n  "updatePreferences": true}}',
        ["Line 2, column 3: a comma is missing before this"],
    ),
    "single quotes": (
        "{'roleName': \"End User\"}",
        ['Line 1, column 2: strings stand in straight double quotes: "'],
    ),
    "typographic quotes": (
        '{"roleName": “End User”}',
        ['Line 1, column 14: roleName: strings stand in straight double quotes: "'],
    ),
    "no quotes": (
        '{roleName: "End User"}',
        ["Line 1, column 2: 'roleName' needs double quotes"],
    ),
    "Python": (
        f'{{{R}, "updatePreferences": True}}',
        ["Line 1, column 47: updatePreferences: 'True' is not JSON; it is written true"],
    ),
    "a comment": (
        f"{{{R} // for all\n}}",
        ["Line 1, column 25: comments are not JSON"],
    ),
    "a space of another kind": (
        f"{{\u00a0{R}}}",
        ["Line 1, column 2: the character U+00A0 is no space of JSON"],
    ),
    "NaN": (
        f'{{{R}, "updatePreferences": NaN}}',
        ["Line 1, column 47: updatePreferences: 'NaN' is not JSON"],
    ),
    "Infinity": (
        f'{{{R}, "updatePreferences": -Infinity}}',
        ["Line 1, column 47: updatePreferences: '-Infinity' is not JSON"],
    ),
    "a number beyond all": (
        f'{{{R}, "updatePreferences": 1e400}}',
        ["Line 1, column 47: updatePreferences: '1e400' is not JSON"],
    ),
    "U+0000": (
        f'{{{R}, "defaultEntities": {{"folder": "a\\u0000"}}}}',
        ["Line 1, column 58: defaultEntities.folder: the character U+0000 cannot be stored"],
    ),
    "half a surrogate pair": (
        f'{{{R}, "defaultEntities": {{"folder": "\\ud83d"}}}}',
        ["Line 1, column 57: defaultEntities.folder: half of a surrogate pair is no character"],
    ),
    "an unknown escape": (
        f'{{{R}, "defaultEntities": {{"folder": "C:\\dir"}}}}',
        ["Line 1, column 59: defaultEntities.folder: '\\d' is no escape of JSON"],
    ),
    "a tab in a string": (
        '{"roleName": "End\tUser"}',
        ["Line 1, column 18: roleName: a control character has to be written as an escape"],
    ),
    "not closed": ('{"roleName": "End User"', ["Line 1, column 24: } is missing here"]),
    "a string not closed": (
        '{"roleName": "End User\n}',
        ["Line 1, column 14: roleName: the string is not closed on its line"],
    ),
    "no colon": (
        '{"roleName" "End User"}',
        ["Line 1, column 13: roleName: a colon is missing after the key"],
    ),
    "no value": (
        '{"roleName": }',
        ["Line 1, column 14: roleName: a value is expected, not }"],
    ),
    "two documents": (
        GOOD + " {}",
        [f"Line 1, column {len(GOOD) + 2}: something follows the end of the document"],
    ),
    "3,000 levels": (
        "[" * 3000,
        [f"Line 1, column 21: {'[0]' * 20}: nested deeper than 20 levels"],
    ),
    "a megabyte": (
        '{"roleName": "' + "a" * 1_000_000,
        ["Line 1, column 1: the text is longer than 65536 characters"],
    ),
    "everything at once": (
        '{\n  "roleNam": "End User",\n  "sendWelcomeMailToUser": "no",\n'
        '  "defaultEntities": {"folder": [1,]}\n}',
        [
            "Line 1, column 1: roleName: is missing",
            "Line 2, column 3: roleNam: unknown key; did you mean 'roleName'?",
            "Line 3, column 28: sendWelcomeMailToUser: 'no' is not of type 'boolean'",
            "Line 4, column 34: defaultEntities.folder[0]: 1 is not of type 'string'",
            "Line 4, column 35: defaultEntities.folder: a comma too many",
        ],
    ),
}  # fmt: skip

bad_documents = pytest.mark.parametrize(("text", "messages"), BAD.values(), ids=BAD)
