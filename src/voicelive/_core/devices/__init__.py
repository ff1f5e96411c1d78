"""What a sound device decides: what is played and when, what the service hears, how echo is dealt with."""
