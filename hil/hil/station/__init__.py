"""The bench that keeps running: `hil service` owns the bench, and clients come and go.

``lease`` says who is in command, ``queue`` what is to be run, ``journal`` keeps what was commanded outside of runs, and
``station`` joins them: between runs it watches the channels, in a run it is where commands come in.
"""
