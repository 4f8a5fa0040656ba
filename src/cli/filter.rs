//! `--filter EXPR`: conditions on the fields of a connection's report, joined by `and`, `or`, `not` and parentheses.
//!
//! A field is a path of names of the JSON report (`verdict.cause`, `server.port`); a list holds when one of its elements
//! does. Operators: `==`, `!=`, `<`, `<=`, `>`, `>=`, `contains`; a field alone holds when it is neither null, false,
//! empty nor 0.

use serde_json::Value;
use tlspcap::report::ConnectionReport;

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    Test { field: Vec<String>, operator: Operator, value: String },
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
    Present,
}

/// Parentheses and `not` may nest so deep.
const DEPTH: usize = 32;

impl Filter {
    /// Parses an expression.
    ///
    /// # Errors
    /// A sentence that names the place.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
        let filter = parser.or()?;
        match parser.tokens.get(parser.at) {
            None => Ok(filter),
            Some(token) => Err(format!("--filter: '{token}' is not expected here")),
        }
    }

    /// Whether it holds for a connection.
    pub(crate) fn holds(&self, report: &ConnectionReport) -> bool {
        serde_json::to_value(report).is_ok_and(|value| self.test(&value))
    }

    fn test(&self, value: &Value) -> bool {
        match self {
            Self::And(a, b) => a.test(value) && b.test(value),
            Self::Or(a, b) => a.test(value) || b.test(value),
            Self::Not(a) => !a.test(value),
            Self::Test { field, operator: Operator::NotEqual, value: wanted } => {
                !any(value, field, &|found| compare(found, Operator::Equal, wanted))
            }
            Self::Test { field, operator, value: wanted } => {
                any(value, field, &|found| compare(found, *operator, wanted))
            }
        }
    }
}

fn any(value: &Value, field: &[String], test: &dyn Fn(&Value) -> bool) -> bool {
    if let Value::Array(elements) = value {
        return elements.iter().any(|element| any(element, field, test));
    }
    match field.split_first() {
        None => test(value),
        Some((name, rest)) => value.get(name).is_some_and(|inner| any(inner, rest, test)),
    }
}

fn compare(found: &Value, operator: Operator, wanted: &str) -> bool {
    let text = match found {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let numbers = found.as_f64().zip(wanted.parse::<f64>().ok());
    let order = match numbers {
        Some((a, b)) => a.partial_cmp(&b),
        None => Some(text.as_str().cmp(wanted)),
    };
    match operator {
        Operator::Equal => order.is_some_and(std::cmp::Ordering::is_eq),
        Operator::NotEqual => order.is_some_and(std::cmp::Ordering::is_ne),
        Operator::Less => order.is_some_and(std::cmp::Ordering::is_lt),
        Operator::LessOrEqual => order.is_some_and(std::cmp::Ordering::is_le),
        Operator::Greater => order.is_some_and(std::cmp::Ordering::is_gt),
        Operator::GreaterOrEqual => order.is_some_and(std::cmp::Ordering::is_ge),
        Operator::Contains => text.to_lowercase().contains(&wanted.to_lowercase()),
        Operator::Present => !matches!(text.as_str(), "" | "false" | "0" | "{}"),
    }
}

fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&c) = chars.peek() {
        if c.is_whitespace() {
            chars.next();
        } else if c == '(' || c == ')' {
            chars.next();
            tokens.push(c.to_string());
        } else if c == '"' || c == '\'' {
            chars.next();
            let mut word = String::from("\"");
            loop {
                match chars.next() {
                    Some(end) if end == c => break,
                    Some(other) => word.push(other),
                    None => return Err(format!("--filter: a quote {c} is not closed")),
                }
            }
            tokens.push(word);
        } else if "=!<>&|".contains(c) {
            let mut word = String::new();
            while let Some(&c) = chars.peek().filter(|c| "=!<>&|".contains(**c)) {
                word.push(c);
                chars.next();
            }
            tokens.push(word);
        } else {
            let mut word = String::new();
            while let Some(&c) = chars.peek().filter(|c| !c.is_whitespace() && !"()=!<>&|\"'".contains(**c)) {
                word.push(c);
                chars.next();
            }
            tokens.push(word);
        }
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: &'a [String],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> &str {
        self.tokens.get(self.at).map_or("", String::as_str)
    }

    fn next(&mut self) -> &str {
        self.at += 1;
        self.tokens.get(self.at - 1).map_or("", String::as_str)
    }

    fn or(&mut self) -> Result<Filter, String> {
        let mut left = self.and()?;
        while matches!(self.peek(), "or" | "||") {
            self.next();
            left = Filter::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Filter, String> {
        let mut left = self.not()?;
        while matches!(self.peek(), "and" | "&&") {
            self.next();
            left = Filter::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Filter, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("--filter: the expression is nested too deep".to_owned());
        }
        let inner = match self.peek() {
            "not" | "!" => {
                self.next();
                Filter::Not(Box::new(self.not()?))
            }
            "(" => {
                self.next();
                let inner = self.or()?;
                if self.next() != ")" {
                    return Err("--filter: a parenthesis is not closed".to_owned());
                }
                inner
            }
            _ => self.test()?,
        };
        self.depth -= 1;
        Ok(inner)
    }

    fn test(&mut self) -> Result<Filter, String> {
        let field = self.next().to_owned();
        if field.is_empty() || !field.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(format!("--filter: expected a field such as verdict.cause, found '{field}'"));
        }
        let operator = match self.peek() {
            "==" | "=" => Operator::Equal,
            "!=" => Operator::NotEqual,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            "contains" => Operator::Contains,
            "" | "and" | "or" | "&&" | "||" | ")" => Operator::Present,
            other => return Err(format!("--filter: expected an operator after {field}, found '{other}'")),
        };
        let mut value = String::new();
        if operator != Operator::Present {
            self.next();
            let word = self.next();
            if word.is_empty() {
                return Err(format!("--filter: {field} is compared with nothing"));
            }
            value = word.strip_prefix('"').unwrap_or(word).to_owned();
        }
        known(&field)?;
        Ok(Filter::Test { field: field.split('.').map(str::to_owned).collect(), operator, value })
    }
}

/// Refuses a field that no report has, as a condition on it would never hold.
fn known(field: &str) -> Result<(), String> {
    if field == "id" {
        return Err("--filter: connections are chosen by their number with --connection ID".to_owned());
    }
    let schema = serde_json::to_value(tlspcap::report::report_schema()).unwrap_or_default();
    let mut at = schema.pointer("/$defs/ConnectionReport").cloned().unwrap_or_default();
    let mut so_far = Vec::new();
    for name in field.split('.') {
        // An object whose names are data, such as `trust.accepted_by`.
        if at.get("additionalProperties").is_some_and(|of| *of != Value::Bool(false)) {
            return Ok(());
        }
        let fields = fields(&schema, &at);
        let Some(next) = fields.iter().find(|(known, _)| *known == name) else {
            let place = if so_far.is_empty() { "a connection".to_owned() } else { so_far.join(".") };
            let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
            return Err(match names.is_empty() {
                true => format!("--filter: {place} has no fields, so {field} is none"),
                false => format!("--filter: {place} has no field '{name}'; it has {}", names.join(", ")),
            });
        };
        at = next.1.clone();
        so_far.push(name);
    }
    Ok(())
}

/// The fields of a value of this schema, or of its elements.
fn fields(schema: &Value, at: &Value) -> Vec<(String, Value)> {
    let follow = |inner: &Value| fields(schema, inner);
    if let Some(path) = at.get("$ref").and_then(Value::as_str) {
        return schema.pointer(path.trim_start_matches('#')).map(follow).unwrap_or_default();
    }
    if let Some(Value::Object(properties)) = at.get("properties") {
        return properties.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    }
    if let Some(items) = at.get("items") {
        return follow(items);
    }
    let choices = at.get("anyOf").or(at.get("allOf")).and_then(Value::as_array);
    choices.into_iter().flatten().flat_map(follow).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(expression: &str) -> bool {
        let value = json!({
            "server": {"port": 443}, "outcome": "failed", "tls": {"sni": "a.example", "alpn": null},
            "alerts": [{"code": 48}, {"code": 0}], "findings": []
        });
        Filter::parse(expression).unwrap().test(&value)
    }

    #[test]
    fn fields_lists_and_numbers_are_compared() {
        assert!(holds("outcome == failed and server.port == 443"));
        assert!(holds("alerts.code == 48"));
        assert!(!holds("alerts.code == 46"));
        assert!(holds("server.port >= 80 && not tls.alpn"));
        assert!(holds("(outcome == established or tls.sni contains EXAMPLE)"));
        assert!(!holds("findings.code"));
        assert!(holds("tls.sni != 'b.example'"));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (expression, word) in [
            ("outcome ==", "nothing"),
            ("(outcome", "closed"),
            ("outcome ~ b", "operator"),
            ("outcome b", "operator"),
            ("'x", "quote"),
        ] {
            let error = Filter::parse(expression).unwrap_err();
            assert!(error.contains(word), "{expression}: {error}");
        }
        assert!(Filter::parse(&"(".repeat(100)).is_err());
    }

    #[test]
    fn a_field_that_no_report_has_is_named() {
        let error = Filter::parse("verdict.caus == expired").unwrap_err();
        assert!(error.contains("verdict has no field 'caus'; it has") && error.contains("cause,"), "{error}");
        assert!(Filter::parse("sni == a.example").unwrap_err().contains("a connection has no field 'sni'"));
        assert!(Filter::parse("outcome.x").unwrap_err().contains("outcome has no fields"));
        for field in ["server_certificates.chain.key.bits", "tls.cipher_suite.name", "trust.accepted_by.java"]
        {
            assert!(Filter::parse(&format!("{field} == 1")).is_ok(), "{field}");
        }
    }
}
