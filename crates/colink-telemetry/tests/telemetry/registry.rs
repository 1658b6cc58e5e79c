use colink_telemetry::metrics::LATENCY_SECONDS;
use colink_telemetry::{Metrics, MetricsError};

fn value_of(text: &str, name: &str) -> f64 {
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

/// O-1
#[test]
fn every_family_is_rendered_with_the_service() {
    let metrics = Metrics::new("auth").unwrap();
    let requests = metrics.counter_vec("http_requests_total", "Requests.", &["endpoint", "status"]).unwrap();
    requests.with_label_values(&["/users/{id}", "200"]).inc();
    let took = metrics.histogram_vec("took_seconds", "Time.", LATENCY_SECONDS, &["endpoint"]).unwrap();
    took.with_label_values(&["/users/{id}"]).observe(0.003);
    metrics.gauge("sockets", "Open sockets.").unwrap().set(3);
    let text = metrics.render();
    let requests = r#"http_requests_total{endpoint="/users/{id}",service="auth",status="200"} 1"#;
    assert!(text.contains(requests), "{text}");
    assert!(text.contains(r#"sockets{service="auth"} 3"#), "{text}");
    let bucket = r#"took_seconds_bucket{endpoint="/users/{id}",service="auth",le="0.005"} 1"#;
    assert!(text.contains(bucket), "{text}");
}

#[test]
fn the_process_is_measured_at_each_scrape() {
    let metrics = Metrics::new("auth").unwrap();
    let before = metrics.render();
    assert!(value_of(&before, "process_resident_memory_bytes") > 1_000_000.0);
    assert!(value_of(&before, "process_open_fds") >= 3.0);
    assert!(value_of(&before, "process_max_fds") >= 256.0);
    assert!(value_of(&before, "process_threads") >= 1.0);
    // A busy machine may give this process no tick of the CPU for long: it asks until there is one.
    let (name, started) = ("process_cpu_seconds_total", std::time::Instant::now());
    while value_of(&metrics.render(), name) <= value_of(&before, name) {
        assert!(started.elapsed().as_secs() < 30, "it burns no time");
    }
}

#[test]
fn asking_twice_gives_the_same_family() {
    let metrics = Metrics::new("auth").unwrap();
    metrics.counter("events_total", "Events.").unwrap().inc();
    metrics.clone().counter("events_total", "Events.").unwrap().inc();
    assert!(metrics.render().contains(r#"events_total{service="auth"} 2"#));
}

#[test]
fn mistakes_are_refused() {
    let metrics = Metrics::new("auth").unwrap();
    metrics.counter_vec("events_total", "Events.", &["kind"]).unwrap();
    let clash = metrics.counter_vec("events_total", "Events.", &["topic"]);
    assert!(matches!(clash, Err(MetricsError::Clash(_))));
    assert!(matches!(metrics.gauge_vec("events_total", "Events.", &["kind"]), Err(MetricsError::Clash(_))));
    let reserved = metrics.counter_vec("other_total", "Other.", &["service"]);
    assert!(matches!(reserved, Err(MetricsError::ReservedLabel(_))));
    assert!(matches!(metrics.counter("not a name", "Bad."), Err(MetricsError::Invalid { .. })));
}

#[test]
fn a_gauge_can_be_refreshed_at_scrape_time() {
    let metrics = Metrics::new("auth").unwrap();
    let gauge = metrics.gauge("pool_idle", "Idle connections.").unwrap();
    metrics.before_render(move || gauge.inc());
    assert!(!metrics.render().is_empty());
    assert!(metrics.render().contains(r#"pool_idle{service="auth"} 2"#));
}

#[test]
fn two_services_in_one_process_do_not_mix() {
    let auth = Metrics::new("auth").unwrap();
    let files = Metrics::new("files").unwrap();
    auth.counter("events_total", "Events.").unwrap().inc();
    assert!(!files.render().contains("events_total"));
}
