//! Local files, media at a URL and downloads, next to the same done by hand or by curl. Measures
//! CPU time and memory, which other work on the machine changes little. The server, and each side
//! whose memory is measured, is a process of its own.

mod server;
mod usage;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use runcomfy::client::{DownloadOptions, MediaLimits};
use runcomfy::{Client, Media, Model, Valid};
use runcomfy_models::bytedance::seedream_5_0_pro_image_to_image::Input as Seedream;
use runcomfy_models::minimax::hailuo_video_01_live::Input as Hailuo;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::measure::Report;
use usage::Usage;

/// Environment variable with the role of a child process, and its arguments.
const ROLE: &str = "RUNCOMFY_BENCH_ROLE";
/// The largest file that fits into a request, with the rest of it.
const FILE_BYTES: u64 = 48_000_000;
const SUBMITS: u32 = 20;
const PICTURES: usize = 1000;
const ROUNDS: u32 = 20;
/// Submits of one URL, in many short turns: the least of them was hardly disturbed.
const INPUTS: u32 = 200;
const TURNS: u32 = 100;
const DOWNLOADS: u32 = 5;
/// Limits. The aims are 2 MB, 1.11 and 1.05: see `docs/benchmarks.md`. What the system's allocator
/// keeps for each thread, and how often a transfer is woken, depend on what else the machine does.
const MAX_MEGABYTES: f64 = 3.0;
const MAX_RATIO_OF_A_URL: f64 = 1.8;
const MAX_RATIO_OF_A_DOWNLOAD: f64 = 1.3;
/// The beginning of a PNG of 640 × 480 pixels, with the size of a photo behind it.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x02\0\0\0\0\0\0\0\x00\x1e\x84\x80IDAT";
const PICTURE_BYTES: u64 = 2_000_000;

/// Runs this process as a child of the benchmark, if it is one.
pub(crate) fn child() -> Option<Result<()>> {
    let role = std::env::var(ROLE).ok()?;
    install_cryptography();
    Some(match role.split(' ').collect::<Vec<_>>()[..] {
        ["server"] => server::run(),
        ["submit", base, path] => submitting(base, Path::new(path)),
        ["by-hand", base, path] => submitting_by_hand(base, Path::new(path)),
        _ => Err(anyhow::anyhow!("no such role: {role}")),
    })
}

pub(crate) fn run(report: &mut Report) -> Result<()> {
    install_cryptography();
    let server = Server::start()?;
    let folder = tempfile::tempdir()?;
    // One thread: the cost of waking others depends on what else the machine does.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    submits(report, &server, folder.path())?;
    pictures(report, &runtime, folder.path())?;
    urls(report, &runtime, &server)?;
    downloads(report, &runtime, &server, folder.path())
}

/// Installs what the clients by hand need to be built, although they use no TLS.
fn install_cryptography() {
    // It fails if one is installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The server in another process.
struct Server {
    process: Child,
    base: String,
}

impl Server {
    fn start() -> Result<Self> {
        let mut process = this("server")?.stdout(Stdio::piped()).spawn()?;
        let mut base = String::new();
        let printed = process.stdout.take().context("no stdout")?;
        BufReader::new(printed).read_line(&mut base)?;
        Ok(Self { process, base: base.trim().to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns this program in another role.
fn this(role: &str) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env(ROLE, role);
    Ok(command)
}

fn client(base: &str, limits: MediaLimits) -> Result<Client> {
    let builder = Client::builder().api_base(base).token("any-token").media_limits(limits);
    Ok(builder.allow_local_media().build()?)
}

fn submits(report: &mut Report, server: &Server, folder: &Path) -> Result<()> {
    report.part("A local file of 48 MB, submitted");
    let path = folder.join("large.png");
    let mut file = PNG.to_vec();
    file.extend((0..FILE_BYTES - PNG.len() as u64).map(|at| (at / 3 % 251) as u8));
    std::fs::write(&path, file)?;
    let measured = |role: &str| -> Result<Usage> {
        let role = format!("{role} {} {}", server.base, path.display());
        let output = this(&role)?.stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "{role}: {}", output.status);
        String::from_utf8(output.stdout)?.parse()
    };
    let (ours, by_hand) = (measured("submit")?, measured("by-hand")?);
    let detail = format!("({ours} : {by_hand})");
    report.at_most("CPU, ours : by hand", ours.cpu_over(&by_hand), 1.1, " ×", &detail);
    report.at_most("memory of ours", ours.megabytes(), MAX_MEGABYTES, " MB", "");
    Ok(())
}

/// Prints the CPU time of a submit, and the memory at its peak.
fn submitting(base: &str, path: &Path) -> Result<()> {
    let client = client(base, MediaLimits::default())?;
    Runtime::new()?.block_on(async {
        let small = Hailuo::new("a paper boat", Media::bytes(PNG)).validate()?;
        let _ = client.submit(&small).await?;
        let usage = Usage::start()?;
        for _ in 0..SUBMITS {
            let input = Hailuo::new("a paper boat", Media::file(path)).validate()?;
            let _ = client.submit(&input).await?;
        }
        println!("{}", usage.end(SUBMITS)?);
        Ok(())
    })
}

/// The same with one copy of the file: its base64 in the body.
fn submitting_by_hand(base: &str, path: &Path) -> Result<()> {
    let http = reqwest::Client::new();
    let url = format!("{base}/models/{}", Hailuo::ID.replace(' ', "%20"));
    Runtime::new()?.block_on(async {
        let submit = async |body: String| -> Result<()> {
            let call = http.post(&url).bearer_auth("any-token");
            let call = call.header("content-type", "application/json").body(body);
            let reply: Value = call.send().await?.error_for_status()?.json().await?;
            ensure!(reply["request_id"].is_string(), "no id");
            Ok(())
        };
        submit("{}".to_owned()).await?;
        let usage = Usage::start()?;
        for _ in 0..SUBMITS {
            let file = std::fs::read(path)?;
            let mut body = String::with_capacity(file.len() / 3 * 4 + 100);
            body.push_str(r#"{"prompt":"a paper boat","image_url":"data:image/png;base64,"#);
            STANDARD.encode_string(file, &mut body);
            body.push_str("\"}");
            submit(body).await?;
        }
        println!("{}", usage.end(SUBMITS)?);
        Ok(())
    })
}

fn pictures(report: &mut Report, runtime: &Runtime, folder: &Path) -> Result<()> {
    report.part("1,000 local pictures of 2 MB, checked by preflight");
    let paths: Vec<PathBuf> = (0..PICTURES).map(|at| folder.join(format!("{at}.png"))).collect();
    for path in &paths {
        std::fs::write(path, PNG)?;
        // Sparse: it takes no room, and reading it takes as long as reading zeros.
        std::fs::File::options().write(true).open(path)?.set_len(PICTURE_BYTES)?;
    }
    let client = client("http://127.0.0.1:1/v1", MediaLimits::default())?;
    let media = paths.iter().map(Media::file).collect::<Vec<_>>();
    let input = Valid::assume(Seedream::new("a paper boat", media));
    let check = || runtime.block_on(client.preflight(&input));
    let report_of_one = check();
    // The request as a whole is too large.
    ensure!(report_of_one.violations.len() == 1, "{report_of_one}");
    let usage = Usage::start()?;
    for _ in 0..ROUNDS {
        let _ = check();
    }
    let ours = usage.end(ROUNDS)?;
    let usage = Usage::start()?;
    for _ in 0..ROUNDS {
        for path in &paths {
            let mut head = [0; 8192];
            std::io::Read::read_exact(&mut std::fs::File::open(path)?, &mut head)?;
            std::hint::black_box(head);
        }
    }
    let heads = usage.end(ROUNDS)?;
    let detail = format!("(opening each and reading 8 KiB of it: {:.1} ms)", heads.milliseconds());
    report.at_most("CPU", ours.milliseconds(), 10.0, " ms", &detail);
    Ok(())
}

fn urls(report: &mut Report, runtime: &Runtime, server: &Server) -> Result<()> {
    report.part("One URL in many inputs, submitted");
    let address = format!("{}/boat.png", server.base.trim_end_matches("/v1"));
    let http = reqwest::Client::new();
    let remembering = client(&server.base, MediaLimits::default())?;
    let measuring = client(&server.base, MediaLimits::default().with_max_age(Duration::ZERO))?;
    let (mut ours, mut fresh, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    // In turns, to spread other load on the machine over all.
    for _ in 0..TURNS {
        let usage = Usage::start()?;
        runtime.block_on(submit_bare(&http, &server.base, &address))?;
        bare.push(usage.end(INPUTS)?);
        for (client, usages) in [(&remembering, &mut ours), (&measuring, &mut fresh)] {
            let usage = Usage::start()?;
            runtime.block_on(submit_typed(client, &address))?;
            usages.push(usage.end(INPUTS)?);
        }
    }
    let (ours, fresh) = (usage::least(&ours)?, usage::least(&fresh)?);
    let bare = usage::least(&bare)?;
    let detail = format!("({ours} : {bare})");
    report.at_most(
        "CPU, ours : bare calls",
        ours.cpu_over(&bare),
        MAX_RATIO_OF_A_URL,
        " ×",
        &detail,
    );
    let detail = format!("{:6.2} ×  ({fresh} : {bare})", fresh.cpu_over(&bare));
    report.note("the same, measured each time", &detail);
    Ok(())
}

/// Submits without any check.
async fn submit_bare(http: &reqwest::Client, base: &str, address: &str) -> Result<()> {
    let url = format!("{base}/models/{}", Hailuo::ID.replace(' ', "%20"));
    for _ in 0..INPUTS {
        let input = json!({"prompt": "a paper boat", "image_url": address});
        let call = http.post(&url).bearer_auth("any-token").json(&input);
        let reply: Value = call.send().await?.error_for_status()?.json().await?;
        ensure!(reply["request_id"].is_string(), "no id");
    }
    Ok(())
}

async fn submit_typed(client: &Client, address: &str) -> Result<()> {
    for _ in 0..INPUTS {
        let input = Hailuo::new("a paper boat", Media::url(address)?).validate()?;
        let _ = client.submit(&input).await?;
    }
    Ok(())
}

fn downloads(report: &mut Report, runtime: &Runtime, server: &Server, folder: &Path) -> Result<()> {
    report.part("1 GiB downloaded to disk");
    let client = client(&server.base, MediaLimits::default())?;
    let path = folder.join("large.mp4");
    let to = DownloadOptions::to_file(&path).replace();
    let job = client.raw().job("r-1".parse()?);
    let done = runtime.block_on(job.result())?.context("it is not finished")?;
    let url = done.raw["video"].as_str().context("no URL")?.to_owned();
    let by_curl = folder.join("by-curl.mp4");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    // In turns, since the state of the disk changes.
    for _ in 0..DOWNLOADS {
        let usage = Usage::start()?;
        runtime.block_on(client.download(&done, &to))?;
        ours.push(usage.end(1)?);
        ensure!(path.metadata()?.len() == server::LARGE, "not all of it");
        std::fs::remove_file(&path)?;

        let usage = Usage::start()?;
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--fail", "--output"]).arg(&by_curl).arg(&url);
        if !curl.status().context("starting curl")?.success() {
            bail!("curl failed");
        }
        theirs.push(usage.end_of_children(1)?);
        std::fs::remove_file(&by_curl)?;
    }
    let (ours, theirs) = (usage::least(&ours)?, usage::least(&theirs)?);
    let detail = format!("({ours} : {theirs})");
    let ratio = ours.cpu_over(&theirs);
    report.at_most("CPU, ours : curl's", ratio, MAX_RATIO_OF_A_DOWNLOAD, " ×", &detail);
    Ok(())
}
