//! The daemon: arguments, privileges, listeners, generations, runtime socket.

