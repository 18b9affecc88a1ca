"""Documents that are nearly requests to a run."""

from __future__ import annotations

from hypothesis import strategies as st

from hil.commanding.verbs import MEANINGS, Verb

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
KEYS = sorted({"verb", "args", "reason", *(name for meaning in MEANINGS.values() for name in meaning.takes)})
near_misses = st.fixed_dictionaries(
    {"verb": st.sampled_from([*Verb]) | json_values},
    optional={
        "args": st.dictionaries(st.sampled_from(KEYS), json_values) | json_values,
        **{key: st.text(max_size=70) | json_values for key in ("operator", "reason", "command_id", "expect", "lease")},
        "other": json_values,
    },
)
