"""What the typed layer costs, measured beside raw `websockets`, `azure-ai-voicelive` and `openai`."""
