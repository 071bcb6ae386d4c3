//! Rise and fall, check scripts and agent replies as a state machine.
