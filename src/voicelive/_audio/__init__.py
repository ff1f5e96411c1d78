"""Audio without other packages: samples, G.711, resampling, the service's formats, WAV files."""
