"""What a voice agent has to decide above the wire: playback, barge-in, one response at a time, tools, metrics.

State machines: values in, values out, the clock passed in. :mod:`voicelive.conversation` is the public face.
"""
