"""Sound in the room: loudspeakers, the air between, a microphone."""
