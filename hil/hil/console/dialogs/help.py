"""What the keys do, and what this console is not."""

from __future__ import annotations

HELP = """\
SAFE STOP (Ctrl-X) brings the bench to its safe state and ends the run, from every view and every dialog, whoever is \
in command. It is a command to software, not an emergency stop: where life is in danger, use the E-stop of the rig. \
What the bench reads of that chain stands in the first row as E-STOP CLOSED or OPEN.

1-8  F1-F8   the views: their names stand at the bottom
Tab          next pane; arrows or h j k l move
Enter        all that is known of a channel
/  g         filter or find; next group of channels
p            pin a channel to the trends
+ -  z  M    longer, shorter; freeze the picture; more room
y            copy the value with unit and U
Space        pause before the next point, or resume
a  A         acknowledge the worst alarm, or the chosen one; all in sight
s            shelve an alarm for a while, for a reason
i  n         answer a prompt (F9 yes, F10 no); a note into the record
v            the picture in a viewer of its own; F7 in a question
L  H         take, ask for or release command; note to the next shift
t  ^p        colours; every command by name
d  q         detach, the bench goes on; q asks where you are in command

Colour stands for what is not normal, and never alone: a glyph and a word say the same. Violet is a value that cannot \
be used: ? is old, ✗ is bad. After a lost link everything stays on screen with its age.
Values are written to the last digit of U (k = 2). Hold Shift to select text with the mouse, or start with --no-mouse.
"""
