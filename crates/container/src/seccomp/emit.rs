//! From decisions to classic BPF: a binary tree over ranges of system call numbers.
//!
//! The kernel runs a new filter once for every call number to find those it can always allow, so a short way
//! to each leaf is what makes installing it cheap.

use super::compile::{Decision, NO_SUCH_CALL, UNKNOWN_INTERFACE};
use super::profile::{Argument, Comparison};

/// One classic BPF instruction, `struct sock_filter`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instruction {
    code: u16,
    jump_true: u8,
    jump_false: u8,
    value: u32,
}

/// Longest filter the kernel takes, in instructions (`BPF_MAXINSNS`).
const MAX_INSTRUCTIONS: usize = 4096;

/// Opcodes (`linux/bpf_common.h`).
const LOAD: u16 = 0x20;
const AND: u16 = 0x54;
const JUMP: u16 = 0x05;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_GREATER: u16 = 0x25;
const JUMP_GREATER_OR_EQUAL: u16 = 0x35;
const RETURN: u16 = 0x06;

/// Offsets in `struct seccomp_data`.
const NUMBER: u32 = 0;
const INTERFACE: u32 = 4;
const ARGUMENTS: u32 = 16;

/// x32 calls have this bit; no Docker image uses them, and they would be one more table to get wrong.
const X32_BIT: u32 = 0x4000_0000;

/// The filter for the decisions of each interface (`AUDIT_ARCH_*`); none when it is too long for the kernel.
pub(super) fn emit(interfaces: &[(u32, Vec<(u32, Decision)>)]) -> Option<Vec<Instruction>> {
    let mut program = vec![load(INTERFACE)];
    for (interface, decisions) in interfaces {
        let mut body = vec![load(NUMBER)];
        if cfg!(target_arch = "x86_64") {
            body.extend([branch(JUMP_GREATER_OR_EQUAL, X32_BIT, 0, 1), give(NO_SUCH_CALL)]);
        }
        body.extend(tree(decisions));
        // Conditional jumps reach 255 instructions, unconditional ones everywhere.
        program.extend([branch(JUMP_EQUAL, *interface, 1, 0), jump(body.len())]);
        program.extend(body);
    }
    program.push(give(UNKNOWN_INTERFACE));
    (program.len() <= MAX_INSTRUCTIONS).then_some(program)
}

/// Each entry holds from its number up to the next one's.
fn tree(decisions: &[(u32, Decision)]) -> Vec<Instruction> {
    if let [(_, decision)] = decisions {
        return leaf(decision);
    }
    let (low, high) = decisions.split_at(decisions.len() / 2);
    let (low_code, high_code) = (tree(low), tree(high));
    let pivot = high[0].0;
    let mut code = match u8::try_from(low_code.len()) {
        Ok(distance) => vec![branch(JUMP_GREATER_OR_EQUAL, pivot, distance, 0)],
        Err(_) => vec![branch(JUMP_GREATER_OR_EQUAL, pivot, 0, 1), jump(low_code.len())],
    };
    code.extend(low_code);
    code.extend(high_code);
    code
}

fn leaf(decision: &Decision) -> Vec<Instruction> {
    match decision {
        Decision::Always(value) => vec![give(*value)],
        Decision::ByArguments(alternatives, otherwise) => {
            let mut code: Vec<Instruction> =
                alternatives.iter().flat_map(|(arguments, value)| alternative(arguments, *value)).collect();
            code.push(give(*otherwise));
            code
        }
    }
}

/// Gives `value` when all arguments fit, else goes on behind.
fn alternative(arguments: &[Argument], value: u32) -> Vec<Instruction> {
    let mut code = vec![give(value)];
    for argument in arguments.iter().rev() {
        let mut check = check(argument, code.len() as u8);
        check.extend(code);
        code = check;
    }
    code
}

/// Falls through when the argument fits, else jumps over the next `rest` instructions. Arguments have 64
/// bits, BPF's registers 32, so the halves are looked at one after the other.
fn check(argument: &Argument, rest: u8) -> Vec<Instruction> {
    let (high, low) = halves(argument.value);
    let load_high = load(half_offset(argument.index, true));
    let load_low = load(half_offset(argument.index, false));
    match argument.op {
        Comparison::Equal => {
            vec![load_high, branch(JUMP_EQUAL, high, 0, rest + 2), load_low, branch(JUMP_EQUAL, low, 0, rest)]
        }
        Comparison::NotEqual => {
            vec![load_high, branch(JUMP_EQUAL, high, 0, 2), load_low, branch(JUMP_EQUAL, low, rest, 0)]
        }
        Comparison::MaskedEqual => {
            let (wanted_high, wanted_low) = halves(argument.value_two);
            vec![
                load_high,
                and(high),
                branch(JUMP_EQUAL, wanted_high, 0, rest + 3),
                load_low,
                and(low),
                branch(JUMP_EQUAL, wanted_low, 0, rest),
            ]
        }
        Comparison::Greater => above(argument, JUMP_GREATER, rest),
        Comparison::GreaterOrEqual => above(argument, JUMP_GREATER_OR_EQUAL, rest),
        Comparison::Less => below(argument, JUMP_GREATER_OR_EQUAL, rest),
        Comparison::LessOrEqual => below(argument, JUMP_GREATER, rest),
    }
}

fn above(argument: &Argument, compare_low: u16, rest: u8) -> Vec<Instruction> {
    let (high, low) = halves(argument.value);
    vec![
        load(half_offset(argument.index, true)),
        branch(JUMP_GREATER, high, 3, 0),
        branch(JUMP_EQUAL, high, 0, rest + 2),
        load(half_offset(argument.index, false)),
        branch(compare_low, low, 0, rest),
    ]
}

/// The opposite of [`above`].
fn below(argument: &Argument, compare_low: u16, rest: u8) -> Vec<Instruction> {
    let (high, low) = halves(argument.value);
    vec![
        load(half_offset(argument.index, true)),
        branch(JUMP_GREATER, high, rest + 3, 0),
        branch(JUMP_EQUAL, high, 0, 2),
        load(half_offset(argument.index, false)),
        branch(compare_low, low, rest, 0),
    ]
}

const fn halves(value: u64) -> (u32, u32) {
    ((value >> 32) as u32, value as u32)
}

const fn half_offset(index: u32, high: bool) -> u32 {
    let high_first = cfg!(target_endian = "big");
    ARGUMENTS + 8 * index + if high == high_first { 0 } else { 4 }
}

const fn load(offset: u32) -> Instruction {
    Instruction { code: LOAD, jump_true: 0, jump_false: 0, value: offset }
}

const fn and(value: u32) -> Instruction {
    Instruction { code: AND, jump_true: 0, jump_false: 0, value }
}

const fn jump(distance: usize) -> Instruction {
    Instruction { code: JUMP, jump_true: 0, jump_false: 0, value: distance as u32 }
}

const fn branch(code: u16, value: u32, jump_true: u8, jump_false: u8) -> Instruction {
    Instruction { code, jump_true, jump_false, value }
}

const fn give(value: u32) -> Instruction {
    Instruction { code: RETURN, jump_true: 0, jump_false: 0, value }
}

/// Runs a filter as the kernel does; for tests.
#[cfg(test)]
pub(super) fn run(program: &[Instruction], interface: u32, number: u32, arguments: [u64; 6]) -> u32 {
    let mut data = Vec::new();
    data.extend(number.to_ne_bytes());
    data.extend(interface.to_ne_bytes());
    data.extend(0u64.to_ne_bytes());
    data.extend(arguments.iter().flat_map(|argument| argument.to_ne_bytes()));
    let (mut register, mut at) = (0u32, 0usize);
    loop {
        let Instruction { code, jump_true, jump_false, value } = program[at];
        at += 1;
        let mut branch = |taken: bool| at += usize::from(if taken { jump_true } else { jump_false });
        match code {
            LOAD => {
                let word = &data[value as usize..value as usize + 4];
                register = u32::from_ne_bytes([word[0], word[1], word[2], word[3]]);
            }
            AND => register &= value,
            JUMP => at += value as usize,
            JUMP_EQUAL => branch(register == value),
            JUMP_GREATER => branch(register > value),
            JUMP_GREATER_OR_EQUAL => branch(register >= value),
            RETURN => return value,
            other => panic!("unknown opcode {other:#x}"),
        }
    }
}
