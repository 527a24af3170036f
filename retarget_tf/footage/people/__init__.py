"""Who is who in a video: tracking people, choosing one, and finding cuts."""
