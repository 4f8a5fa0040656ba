//! Facts become a judgement: causes, findings, and the verdict.
