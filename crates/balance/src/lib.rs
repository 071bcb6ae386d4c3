//! The balance algorithms: weights, slow start and HAProxy-identical hashing.
