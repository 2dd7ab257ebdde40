"""The engine's socket as steps see it: what a build needs, and nothing that could hurt.

`allow` decides, purely; `server` obeys and notes what was built, tagged and run.
"""

from ctr_ci.broker.grants import read_grants
from ctr_ci.broker.note import Built, Denied, Held, Note, Ran, Tagged
from ctr_ci.broker.scope import GRANTABLE, Scope
from ctr_ci.broker.server import Broker

__all__ = ["GRANTABLE", "Broker", "Built", "Denied", "Held", "Note", "Ran", "Scope", "Tagged", "read_grants"]
