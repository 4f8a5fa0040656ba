//! Draws a report as text, JSON or HTML; sees nothing but the report.
