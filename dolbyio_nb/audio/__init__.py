"""Sound as such: decoded, measured, filtered, encoded; knows neither the service nor the notebook."""
