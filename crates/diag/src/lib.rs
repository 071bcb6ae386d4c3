//! Spans, source files, codes, the catalogue of diagnostics and their renderers.
