"""Help texts in the two forms that ASCII-2 chambers are known to have; the words are ours."""

from __future__ import annotations

CHANNELS = {
    **dict.fromkeys(range(32), "unused"),
    1: "Start",
    2: "Humidity",
    3: "Custom O1",
    7: "Cond.protect",
    10: "Comp.air/GN2",
    11: "Dryer",
}
LABELS = [f"DO{number:02d}  {label}" for number, label in sorted(CHANNELS.items())]
OUTPUTS = " ".join(f"DO{number:02d}" for number in range(32))
UNUSED = [f"MV{number:02d}  0000.0 unused" for number in range(1, 5)]

CLIMATE_EXAMPLE = (
    "0050.0 0024.6 0080.0 0066.7 0090.0 0090.0 0000.0 0023.8 0000.0 0022.2 0000.0 0025.5 0000.0 0024.4 "
    "01100000000000000000000000000000"
)
"""The state that the fact sheet has as the example of a help text: 14 numbers and 32 channels."""

CLIMATE = "\n".join(
    [
        "E-STRING OF A CHAMBER WITH 2 CONTROLLED VALUES",
        "$01E CV01 CV02 SV01 MV01 MV02 MV03 MV04 DO00 DO01 DO02 DO17 DO31 <CR>",
        "",
        " DESCRIPTION: ",
        "CV01  value min:  -77.0   Value max:  182.0   Temperature ",
        "CV02  value min:    0.0   Value max:  100.0   Humidity ",
        "SV01  value min:   50.0   Value max:  100.0   Fan speed",
        *UNUSED,
        *LABELS,
        "EXAMPLE",
        "$01E 0050.0 0080.0 0090.0 0000.0 0000.0 0000.0 0000.0 01010101010101010101010101010101<CR>",
        "-" * 78,
        "I-STRING OF A CHAMBER WITH 2 CONTROLLED VALUES",
        "$01I<CR>",
        f"CV01 CV01 CV02 CV02 SV01 SV01 MV01 MV01 MV02 MV02 MV03 MV03 MV04 MV04 {OUTPUTS} DESCRIPTION: ",
        "CV01  nominal value Temperature ",
        "CV01  actual value  Temperature ",
        "MV01  unused  \t    ",
        *LABELS,
        "EXAMPLE",
        "$01I<CR>",
        f"{CLIMATE_EXAMPLE}<CR>",
        "",
    ]
)
"""A chamber for temperature and humidity; the header of its E string leaves channels out, and an example comes last."""

CABINET = "\n".join(
    [
        "CONFIGURATION",
        f"$01E CV01 CV02 CV03 SV01 SV02 MV01 MV02 MV03 MV04 {OUTPUTS} <CR>",
        "Description:",
        "CV01  value min:  -77.0   value max:  182.0   Temperature",
        "CV02  value min:  -55.0   value max:  150.0   T.external",
        "CV03  value min:  -55.0   value max:  150.0   T.external",
        "SV01  value min:    2.0   value max:   30.0   T.shift",
        "SV02  value min:    2.0   value max:   30.0   T.shift",
        *UNUSED,
        *LABELS,
        "-" * 78,
        "$01I<CR>",
        f"CV01 CV01 CV02 CV02 CV03 CV03 SV01 SV02 MV01 MV01 MV02 MV02 MV03 MV03 MV04 MV04 {OUTPUTS} <CR>",
        "Description:",
        *LABELS,
        "-" * 78,
        "Configured messages:",
        "none",
        "",
    ]
)
"""A chamber with an external cabinet: 16 numbers, of which two stand once."""
