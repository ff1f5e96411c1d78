"""Faults on demand: what the local service does wrong when it is told to, the same every time.

Give them to ``LocalService(faults=[…])`` or ``service.faults.add(…)``, as objects or as text::

    service.faults.add(Close(1011, events=20), "delay:250ms@event=response.audio.delta,chance=0.1,times=*")
"""
