"""The apps in a real host: Chromium, the bridge and the client of the protocol's own libraries, the two
frames of a web host, and Doorward over a socket."""
