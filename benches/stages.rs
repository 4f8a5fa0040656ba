//! What each stage costs by itself, on the captures of this repository: `cargo bench`.
//!
//! A stage is fed what the one below it made, so that its own work alone is measured. `docs/PERFORMANCE.md` has the whole.

use std::hint::black_box;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tlspcap::analyzer::Analyzer;
use tlspcap::capture::{CaptureReader, LinkType, Packet, Timestamp};
use tlspcap::connection::Connection;
use tlspcap::decode::{Decoded, Decoder, Segment};
use tlspcap::error::Warning;
use tlspcap::explain::{Options, explain_to_report};
use tlspcap::limits::Limits;
use tlspcap::tcp::{Delivery, Dir, Ending, Hole, SegmentNote, StreamHandler, StreamInfo, StreamTable};
use tlspcap::tls::keylog::Secrets;
use tlspcap::tls::message::Side;
use tlspcap::tls::session::TlsSession;
use tlspcap::trust::{PathRequest, Policy, SignatureCache, Store, check_path_with};
use tlspcap::x509::Certificate;

fn read(bench: &mut Criterion) {
    let captures = captures();
    let bytes: usize = captures.iter().map(Vec::len).sum();
    let mut group = bench.benchmark_group("read");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("packets of every capture", |run| {
        run.iter(|| captures.iter().map(|capture| packets(capture).len()).sum::<usize>());
    });
}

fn decode(bench: &mut Criterion) {
    let packets: Vec<Kept> = captures().iter().flat_map(|capture| packets(capture)).collect();
    let limits = Limits::default();
    let mut group = bench.benchmark_group("decode");
    group.throughput(Throughput::Elements(packets.len() as u64));
    group.bench_function("packets to segments", |run| {
        run.iter(|| {
            let mut decoder = Decoder::new(&limits);
            packets.iter().filter(|kept| matches!(decoder.decode(&kept.packet()), Decoded::Tcp(_))).count()
        });
    });
}

fn tcp(bench: &mut Criterion) {
    let captures: Vec<Vec<KeptSegment>> = captures().iter().map(|capture| segments(capture)).collect();
    let limits = Limits::default();
    let mut group = bench.benchmark_group("tcp");
    group.throughput(Throughput::Elements(captures.iter().map(Vec::len).sum::<usize>() as u64));
    group.bench_function("segments to streams", |run| {
        run.iter(|| captures.iter().map(|segments| streams(segments, &limits).bytes).sum::<usize>());
    });
}

fn tls(bench: &mut Criterion) {
    let limits = Limits::default();
    let mut streams: Vec<Vec<Bytes>> = Vec::new();
    for capture in &captures() {
        streams.extend(self::streams(&segments(capture), &limits).streams);
    }
    let bytes: usize = streams.iter().flatten().map(|delivery| delivery.bytes.len()).sum();
    let mut group = bench.benchmark_group("tls");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("streams to messages", |run| {
        run.iter(|| streams.iter().map(|stream| messages(stream, &limits)).sum::<usize>());
    });
}

fn x509(bench: &mut Criterion) {
    let certificates: Vec<Arc<[u8]>> = chains().into_iter().flatten().collect();
    let mut group = bench.benchmark_group("x509");
    group.throughput(Throughput::Elements(certificates.len() as u64));
    group.bench_function("certificates read", |run| {
        run.iter(|| {
            let read = certificates.iter().map(|der| Certificate::from_der(Arc::clone(der)));
            read.filter(|certificate| certificate.parsed().is_some()).count()
        });
    });
}

fn trust(bench: &mut Criterion) {
    let chains: Vec<Vec<Arc<Certificate>>> = chains()
        .into_iter()
        .map(|chain| chain.into_iter().map(|der| Arc::new(Certificate::from_der(der))).collect())
        .collect();
    let store = Store::mozilla();
    let mut group = bench.benchmark_group("trust");
    group.throughput(Throughput::Elements(chains.len() as u64));
    group.bench_function("chains checked, signatures too", |run| {
        run.iter_batched(
            || SignatureCache::new(4096),
            |signatures| accepted(&chains, &store, &signatures),
            BatchSize::SmallInput,
        );
    });
    let known = SignatureCache::new(4096);
    group.bench_function("chains checked, signatures known", |run| {
        run.iter(|| accepted(&chains, &store, &known));
    });
}

fn explain(bench: &mut Criterion) {
    let captures = captures();
    let options = Options::default();
    let mut group = bench.benchmark_group("explain");
    group.sample_size(10);
    group.throughput(Throughput::Elements(captures.len() as u64));
    group.bench_function("every capture to its report", |run| {
        run.iter(|| {
            for capture in &captures {
                let input = Box::new(Cursor::new(capture.clone()));
                let report = explain_to_report(input, Path::new("capture.pcap"), &options);
                black_box(report.expect("the capture can be read"));
            }
        });
    });
}

/// The bytes of every capture in the repository.
fn captures() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of captures is there")
        .filter_map(|entry| Some(entry.ok()?.path().join("capture.pcap")))
        .filter(|path| path.is_file())
        .collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("the capture can be read")).collect()
}

/// A packet that outlives its reader.
struct Kept {
    number: u64,
    time: Timestamp,
    link_type: LinkType,
    original_len: u32,
    data: Vec<u8>,
}

impl Kept {
    fn packet(&self) -> Packet<'_> {
        let Self { number, time, link_type, original_len, .. } = *self;
        Packet { number, time, link_type, original_len, data: &self.data }
    }
}

fn packets(capture: &[u8]) -> Vec<Kept> {
    let input = Box::new(Cursor::new(capture.to_vec()));
    let mut reader = CaptureReader::open(input, Path::new("capture.pcap"), &Limits::default())
        .expect("the capture can be read");
    let mut packets = Vec::new();
    while let Ok(Some(packet)) = reader.next_packet() {
        let Packet { number, time, link_type, original_len, data } = packet;
        packets.push(Kept { number, time, link_type, original_len, data: data.to_vec() });
    }
    packets
}

/// A segment that outlives its packet: its payload stands apart.
struct KeptSegment {
    number: u64,
    time: Timestamp,
    segment: Segment<'static>,
    payload: Vec<u8>,
}

fn segments(capture: &[u8]) -> Vec<KeptSegment> {
    let mut decoder = Decoder::new(&Limits::default());
    let mut segments = Vec::new();
    for kept in packets(capture) {
        if let Decoded::Tcp(segment) = decoder.decode(&kept.packet()) {
            let payload = segment.payload.to_vec();
            let segment = Segment { payload: &[], ..segment };
            segments.push(KeptSegment { number: kept.number, time: kept.time, segment, payload });
        }
    }
    segments
}

/// Bytes of one direction in order.
struct Bytes {
    dir: Dir,
    offset: u64,
    bytes: Vec<u8>,
}

/// Keeps what the stream table delivers.
#[derive(Default)]
struct Keeper {
    streams: Vec<Vec<Bytes>>,
    bytes: usize,
}

impl StreamHandler for Keeper {
    type State = Vec<Bytes>;

    fn segment(&mut self, state: &mut Option<Self::State>, _: &StreamInfo, _: &SegmentNote) {
        state.get_or_insert_default();
    }

    fn data(&mut self, state: &mut Option<Self::State>, _: &StreamInfo, delivery: Delivery<'_>) {
        self.bytes += delivery.bytes.len();
        let Delivery { dir, offset, bytes, .. } = delivery;
        state.get_or_insert_default().push(Bytes { dir, offset, bytes: bytes.to_vec() });
    }

    fn gap(&mut self, _: &mut Option<Self::State>, _: &StreamInfo, _: Hole<'_>) {}

    fn warning(&mut self, _: &mut Option<Self::State>, _: &StreamInfo, _: Warning) {}

    fn closed(&mut self, state: &mut Option<Self::State>, _: &StreamInfo, _: Ending<'_>) {
        self.streams.extend(state.take());
    }
}

fn streams(segments: &[KeptSegment], limits: &Limits) -> Keeper {
    let mut table = StreamTable::new(Keeper::default(), limits);
    for kept in segments {
        table.push(kept.number, kept.time, &Segment { payload: &kept.payload, ..kept.segment });
    }
    table.finish().0
}

/// How many things the session tells of a stream.
fn messages(stream: &[Bytes], limits: &Limits) -> usize {
    let mut session = TlsSession::new(limits, None);
    let mut told = 0;
    for part in stream {
        let from = if part.dir == Dir::Forward { Side::Client } else { Side::Server };
        session.push(from, part.offset, &part.bytes, &[], &mut |event| {
            black_box(event);
            told += 1;
        });
    }
    told
}

/// The chains that the servers of all captures sent in clear.
fn chains() -> Vec<Vec<Arc<[u8]>>> {
    let chain = |connection: Box<Connection>| Some(connection.server_chain?.value.certificates);
    let mut chains = Vec::new();
    for capture in &captures() {
        let mut analyzer = Analyzer::new(&Limits::default(), Arc::new(Secrets::default()));
        for kept in segments(capture) {
            analyzer.push(kept.number, kept.time, &Segment { payload: &kept.payload, ..kept.segment });
        }
        chains.extend(analyzer.finish().0.into_iter().filter_map(chain));
    }
    chains
}

fn accepted(chains: &[Vec<Arc<Certificate>>], store: &Store, signatures: &SignatureCache) -> usize {
    let check = |chain: &&Vec<Arc<Certificate>>| {
        let request = PathRequest {
            chain,
            store,
            at: 1_700_000_000,
            now: None,
            policy: Policy::Openssl,
            client: false,
            elsewhere: &[],
            ocsp: None,
            asked_ocsp: false,
        };
        check_path_with(&request, signatures).accepted
    };
    chains.iter().filter(check).count()
}

criterion_group!(stages, read, decode, tcp, tls, x509, trust, explain);
criterion_main!(stages);
