//! `lockwright sim`: what stands in for the outside world while something is tried on it.

use std::{io, process::ExitCode, time::Duration};

use lockwright_nfs::serve::{Fault, Plan, Server};
use nix::sys::signal::Signal;

use crate::{
    args::{KeptReplies, ServeNfsArgs, SimCommand},
    exit::{CANNOT_CREATE, Failure, USAGE, failed},
    owner::print,
    signals::Signals,
};

/// Runs until it is told to end.
pub(crate) fn sim(command: &SimCommand) -> Result<ExitCode, Failure> {
    match command {
        SimCommand::ServeNfs(args) => serve_nfs(args),
    }
}

fn serve_nfs(args: &ServeNfsArgs) -> Result<ExitCode, Failure> {
    let plan = plan(args)?;
    // Before the server's threads are there, or one of them would be ended by a signal.
    let signals = Signals::block().map_err(failed("cannot block signals"))?;
    let wrong = |error: io::Error| Failure::new(CANNOT_CREATE, format!("{}: {error}", args.at));
    let server = Server::start(&args.at.to_string(), plan).map_err(wrong)?;
    print(&format!("{}\n", server.address()))?;
    loop {
        signals.wait(None).map_err(failed("cannot wait for signals"))?;
        let ends = |signal| matches!(signal, Signal::SIGINT | Signal::SIGTERM | Signal::SIGHUP);
        if signals.next().map_err(failed("cannot read a signal"))?.is_some_and(ends) {
            break;
        }
    }
    let figures = server.figures();
    print(&format!(
        "{} calls, {} of them hit; {} executed late, {} answered from kept replies; {} restarts\n",
        figures.calls, figures.faults, figures.late, figures.remembered, figures.restarts,
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn plan(args: &ServeNfsArgs) -> Result<Plan, Failure> {
    let after = args.after;
    let faults = [
        (Fault::LoseCall, args.lose_calls),
        (Fault::LoseReply, args.lose_replies),
        (Fault::CutReply, args.cut_replies),
        (Fault::DelayReply(Duration::from_millis(args.delay)), args.delay_replies),
        (Fault::Repeat { after }, args.repeat),
        (Fault::Late { after }, args.late),
        (Fault::Restart, args.restart),
    ];
    let sum: u64 = faults.iter().map(|(_, in_thousand)| u64::from(*in_thousand)).sum();
    if sum > 1000 {
        return Err(Failure::new(USAGE, format!("faults for {sum} of a thousand calls; at most 1000 can be hit")));
    }
    let plan = faults.iter().fold(Plan::none().seeded(args.seed), |plan, (fault, count)| plan.with(*fault, *count));
    Ok(match args.replies {
        KeptReplies::Keep => plan.with_lasting_replies(),
        KeptReplies::Forget => plan,
        KeptReplies::None => plan.without_replies(),
    })
}
