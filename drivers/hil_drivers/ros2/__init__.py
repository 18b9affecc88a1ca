"""What runs in the Python that has ROS 2, in a process of its own: the standard library, rclpy and messages only.

It is started by path (``start.py``), never imported by the controller but for ``frames``, and works from Python 3.10
on, which is the oldest of a ROS 2 that is still maintained.
"""
