//! `lbctl completions` and `lbctl man`: made from the command line's own definition, so they cannot lag behind.

use std::fs;

use clap::CommandFactory;

use crate::arguments::{Arguments, Completions, Man};
use crate::exit::{CouldNot, Exit};
use crate::out::say;

/// The completion script of a shell.
pub(crate) fn completions(asked: &Completions) -> Result<Exit, CouldNot> {
    let mut out = Vec::new();
    clap_complete::generate(asked.shell, &mut Arguments::command(), "lbctl", &mut out);
    say(out);
    Ok(Exit::Clean)
}

/// The page of lbctl on standard output, or a page for each command in a folder.
pub(crate) fn man(asked: &Man) -> Result<Exit, CouldNot> {
    let mut command = Arguments::command();
    command.build();
    let Some(folder) = &asked.folder else {
        say(page(command)?);
        return Ok(Exit::Clean);
    };
    let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
    fs::create_dir_all(folder).map_err(failed)?;
    let write = |name: &str, page: Vec<u8>| fs::write(folder.join(name), page).map_err(failed);
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let name = format!("lbctl-{}", sub.get_name());
        // clap wants names that live as long as the program, and this one is about to end.
        let named = sub.clone().name(&*name.clone().leak());
        write(&format!("{name}.1"), page(named)?)?;
    }
    write("lbctl.1", page(command)?)?;
    Ok(Exit::Clean)
}

fn page(command: clap::Command) -> Result<Vec<u8>, CouldNot> {
    let mut out = Vec::new();
    clap_mangen::Man::new(command).render(&mut out).map_err(|e| e.to_string())?;
    Ok(out)
}
