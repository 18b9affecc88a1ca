"""The hall: robot, arm and obstacles with the physics of MuJoCo, which is loaded only where a world has it."""
