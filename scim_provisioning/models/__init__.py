"""SCIM's facts about users and groups, the clients that write them, and what they did.

Django's users and groups stay what they are: these rows stand beside them.
"""

from __future__ import annotations

from .application import OIDCApplication
from .attribute import AttributeType, CustomAttribute
from .candidate import Candidate, Decision, Match, Reason, Source
from .client_secret import ClientSecret
from .connection import Connection, DeletePolicy, Overview, Profile, State
from .event import ProvisioningEvent, RequestCount
from .exchange import Dropped, Exchange
from .finding import Finding, FindingKind
from .group import ScimGroup
from .nesting import GroupClosure, GroupNesting
from .resource import ScimResource
from .token import PersonalAccessToken
from .user import ScimUser, SignInClass
from .values import ExternalId, MultiValue
from .workload import UsedAssertion, WorkloadTrust

__all__ = [
    "AttributeType",
    "Candidate",
    "ClientSecret",
    "Connection",
    "CustomAttribute",
    "Decision",
    "DeletePolicy",
    "Dropped",
    "Exchange",
    "ExternalId",
    "Finding",
    "FindingKind",
    "GroupClosure",
    "GroupNesting",
    "Match",
    "MultiValue",
    "OIDCApplication",
    "Overview",
    "PersonalAccessToken",
    "Profile",
    "ProvisioningEvent",
    "Reason",
    "RequestCount",
    "ScimGroup",
    "ScimResource",
    "ScimUser",
    "SignInClass",
    "Source",
    "State",
    "UsedAssertion",
    "WorkloadTrust",
]
