//! The live line and both Ctrl-Cs, in a pseudo-terminal.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use runcomfy_simulator::{Call, Fault};

use crate::support::{Home, path, simulator};

/// Time within which a text has to be on the screen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Environment variable of a folder for pictures of the screen.
const PICTURES: &str = "RCOMFY_PICTURES";

/// Size of the terminal.
const ROWS: NonZero<u16> = NonZero::new(30).expect("not zero");
const COLUMNS: NonZero<u16> = NonZero::new(100).expect("not zero");

/// The binary in a terminal.
pub(crate) struct Terminal {
    screen: Arc<Mutex<vt100::Parser>>,
    /// Everything that was written to the terminal.
    raw: Arc<Mutex<Vec<u8>>>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    // The terminal closes with it.
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Terminal {
    /// Starts the binary.
    pub(crate) fn start(home: &Home, api_base: &str, args: &[&str]) -> Self {
        Self::with(home, api_base, args, &[])
    }

    /// Starts the binary with more variables.
    pub(crate) fn with(
        home: &Home,
        api_base: &str,
        args: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_rcomfy"));
        command.args(args);
        Self::run(home, api_base, command, variables)
    }

    /// Starts a program in a home, with the binary in its `PATH`.
    pub(crate) fn run(
        home: &Home,
        api_base: &str,
        mut command: CommandBuilder,
        variables: &[(&str, &str)],
    ) -> Self {
        let size =
            PtySize { rows: ROWS.get(), cols: COLUMNS.get(), pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        command.cwd(home.path());
        command.env_clear();
        command.env("PATH", path());
        command.env("HOME", home.path());
        command.env("XDG_STATE_HOME", home.path().join("state"));
        command.env("XDG_CONFIG_HOME", home.path().join("config"));
        command.env("TERM", "xterm-256color");
        command.env("RUNCOMFY_MODEL_API_BASE", api_base);
        command.env("RUNCOMFY_TOKEN", "test-token-of-no-use");
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("it starts");
        let screen = Arc::new(Mutex::new(vt100::Parser::new(ROWS, COLUMNS, 200)));
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let raw = Arc::new(Mutex::new(Vec::new()));
        let shared = (Arc::clone(&screen), Arc::clone(&raw));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                shared.0.lock().expect("no panic").process(&bytes[..count]);
                shared.1.lock().expect("no panic").extend_from_slice(&bytes[..count]);
            }
        });
        let keyboard = pair.master.take_writer().expect("a writer");
        Self { screen, raw, keyboard, child, _master: pair.master }
    }

    pub(crate) fn text(&self) -> String {
        self.screen.lock().expect("no panic").screen().contents()
    }

    /// Returns everything that was written to the terminal.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw.lock().expect("no panic")).into_owned()
    }

    /// Waits until a text is on the screen.
    pub(crate) fn wait_for(&self, wanted: &str) {
        let start = Instant::now();
        while !self.text().contains(wanted) {
            assert!(start.elapsed() < PATIENCE, "no {wanted:?} in\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn press_ctrl_c(&mut self) {
        self.press("\u{3}");
    }

    /// Types keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("a key");
        self.keyboard.flush().expect("a key");
    }

    /// Writes the screen as a picture, into the folder of `RCOMFY_PICTURES` if it is set.
    fn draw(&self, name: &str) {
        let Some(folder) = std::env::var_os(PICTURES) else { return };
        let screen = self.screen.lock().expect("no panic");
        let lines: Vec<String> = screen.screen().rows_formatted(0, COLUMNS.get()).collect();
        let used = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |row| row + 1);
        let text = lines[..used].join("\u{1b}[0m\n");
        let picture = anstyle_svg::Term::new().render_svg(&text);
        let path = std::path::Path::new(&folder).join(format!("{name}.svg"));
        std::fs::write(path, picture).expect("a picture");
    }

    /// Waits for the end, and returns the exit code.
    pub(crate) fn end(&mut self) -> u32 {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                std::thread::sleep(Duration::from_millis(100));
                return status.exit_code();
            }
            assert!(start.elapsed() < PATIENCE, "it does not end:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

const RUN: [&str; 4] = ["run", "flux-2-klein/4b", "--prompt", "a boat"];

#[tokio::test(flavor = "multi_thread")]
async fn the_live_line_shows_the_queue_and_the_time() {
    let simulator = simulator(Duration::from_secs(2), Duration::from_secs(2)).await;
    let home = Home::new();
    let mut terminal = Terminal::start(&home, simulator.api_base(), &RUN);
    terminal.wait_for("in queue, position");
    terminal.draw("queued");
    terminal.wait_for("running");
    terminal.draw("running");
    assert_eq!(terminal.end(), 0, "{}", terminal.text());
    terminal.draw("saved");
    assert!(!terminal.text().contains("running"), "the line is gone:\n{}", terminal.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_cancels_a_queued_job() {
    let simulator = simulator(Duration::from_secs(60), Duration::from_secs(60)).await;
    let home = Home::new();
    let mut terminal = Terminal::start(&home, simulator.api_base(), &RUN);
    terminal.wait_for("in queue");
    terminal.press_ctrl_c();
    assert_eq!(terminal.end(), 7, "{}", terminal.text());
    terminal.draw("ctrl-c-queued");
    assert!(terminal.text().contains("cancelled"), "{}", terminal.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_twice_detaches_and_says_how_to_resume() {
    let simulator = simulator(Duration::ZERO, Duration::from_secs(60)).await;
    let home = Home::new();
    let mut terminal = Terminal::start(&home, simulator.api_base(), &RUN);
    terminal.wait_for("running");
    terminal.press_ctrl_c();
    terminal.wait_for("it will be charged");
    terminal.draw("ctrl-c-running");
    terminal.press_ctrl_c();
    assert_eq!(terminal.end(), 130, "{}", terminal.text());
    terminal.draw("ctrl-c-twice");
    assert!(terminal.text().contains("rcomfy wait"), "{}", terminal.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_ctrl_c_waits_for_no_answer_to_the_first() {
    let simulator = simulator(Duration::from_secs(60), Duration::from_secs(60)).await;
    simulator.script(Call::Cancel, [Fault::Latency(Duration::from_secs(60))]);
    let home = Home::new();
    let mut terminal = Terminal::start(&home, simulator.api_base(), &RUN);
    terminal.wait_for("in queue");
    terminal.press_ctrl_c();
    terminal.wait_for("asking RunComfy to cancel");
    let start = Instant::now();
    terminal.press_ctrl_c();
    assert_eq!(terminal.end(), 130, "{}", terminal.text());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(terminal.text().contains("rcomfy wait"), "{}", terminal.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_agrees_to_a_higher_cost() {
    let simulator = crate::money::priced().await;
    let home = Home::new();
    let args = [&RUN[..], &["--max-cost", "0.20", "--no-wait"]].concat();
    let mut terminal = Terminal::start(&home, simulator.api_base(), &args);
    terminal.wait_for("The job may cost $0.25, above --max-cost of $0.20. Pay? [y/N]");
    terminal.draw("approval");
    terminal.press("n\r");
    assert_eq!(terminal.end(), 5, "{}", terminal.text());
    assert!(simulator.ledger().is_empty());
    let mut terminal = Terminal::start(&home, simulator.api_base(), &args);
    terminal.wait_for("Pay? [y/N]");
    terminal.press("y\r");
    assert_eq!(terminal.end(), 0, "{}", terminal.text());
    assert_eq!(simulator.ledger().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_asks_before_it_spends_and_shows_one_bar() {
    let simulator = simulator(Duration::from_millis(300), Duration::from_millis(700)).await;
    let home = Home::with(&simulator);
    let line = |line: u32| format!("{{\"prompt\": \"boat {line}\"}}\n");
    home.write("boats.jsonl", (1..=6).map(line).collect::<String>());
    let add = ["batch", "add", "flux-2-klein/4b", "boats.jsonl"];
    let mut terminal = Terminal::start(&home, simulator.api_base(), &add);
    terminal.wait_for("Add 6 lines as batch boats for 6 unknown prices; no budget is set? [y/N]");
    terminal.press("n\r");
    assert_eq!(terminal.end(), 130, "{}", terminal.text());
    let (_, listed) = home.json(&["batch", "status"]);
    assert_eq!(listed["data"]["batches"], serde_json::json!([]), "nothing was added");
    let mut terminal = Terminal::start(&home, simulator.api_base(), &add);
    terminal.wait_for("[y/N]");
    terminal.press("y\r");
    assert_eq!(terminal.end(), 0, "{}", terminal.text());
    let run = ["batch", "run", "boats", "--urls-only", "--at-once", "2"];
    let mut terminal = Terminal::start(&home, simulator.api_base(), &run);
    terminal.wait_for("Send 6 jobs of batch boats for 6 unknown prices");
    terminal.press("n\r");
    assert_eq!(terminal.end(), 130);
    assert!(simulator.ledger().is_empty(), "nothing was sent");

    let mut terminal = Terminal::start(&home, simulator.api_base(), &run);
    terminal.wait_for("[y/N]");
    terminal.press("y\r");
    terminal.wait_for("2 running");
    terminal.wait_for("2/6");
    terminal.press_ctrl_c();
    terminal.wait_for("`rcomfy batch run boats` continues");
    assert_eq!(terminal.end(), 130);
    let ended = home.run(&[run.as_slice(), &["--yes"]].concat());
    assert_eq!((ended.code, simulator.ledger().len()), (0, 6), "{ended:?}");
}
