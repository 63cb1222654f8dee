"""Messages: rows written with what they tell, rendered and sent by the job loop."""
