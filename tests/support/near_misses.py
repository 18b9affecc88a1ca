"""Documents that are nearly requests to a run."""

from __future__ import annotations

from hypothesis import strategies as st

from hil.commanding.requests import Verb

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
KEYS = ["verb", "args", "operator", "reason", "command_id", "expect", "alarm", "seconds", "prompt", "value"]
near_misses = st.fixed_dictionaries(
    {"verb": st.sampled_from([*Verb]) | json_values},
    optional={
        "args": st.dictionaries(st.sampled_from(KEYS), json_values) | json_values,
        **{key: st.text(max_size=70) | json_values for key in ("operator", "reason", "command_id", "expect")},
        "other": json_values,
    },
)
