"""The console in a browser of the same machine: a small server, and one console process for each page.

Nothing here knows the bench. What a page shows is what `hil console` draws; the console process is the client.
"""
