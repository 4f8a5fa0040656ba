//! Who the client is, by the shape of its ClientHello and by its behaviour.
