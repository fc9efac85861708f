//! `COPY --chmod` (contract 8.4.5): octal or symbolic.

/// A change of permission bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// These bits.
    Absolute(u32),
    /// `u+x,go-w`.
    Symbolic(Vec<Clause>),
}

/// One clause of a symbolic change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    /// Which of 0o700, 0o070, 0o007 it is about.
    who: u32,
    operator: char,
    permissions: String,
}

impl Change {
    /// Reads a change; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        if text.starts_with(|first: char| first.is_ascii_digit()) {
            return u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777).map(Self::Absolute);
        }
        text.split(',')
            .map(clauses)
            .collect::<Option<Vec<_>>>()
            .map(|clauses| Self::Symbolic(clauses.concat()))
    }

    /// The permission bits after the change.
    pub fn apply(&self, mode: u32, directory: bool) -> u32 {
        match self {
            Self::Absolute(bits) => *bits,
            Self::Symbolic(clauses) => {
                clauses.iter().fold(mode & 0o7777, |mode, clause| clause.apply(mode, directory))
            }
        }
    }
}

/// `ug+rw-x`: one set of people, any number of operators.
fn clauses(text: &str) -> Option<Vec<Clause>> {
    let first = text.find(['+', '-', '='])?;
    let who = text[..first].chars().try_fold(0, |bits, letter| who(letter).map(|own| bits | own))?;
    let who = if who == 0 { 0o777 } else { who };
    let mut found = Vec::new();
    let mut rest = &text[first..];
    while let Some(operator) = rest.chars().next() {
        let end = rest[1..].find(['+', '-', '=']).map_or(rest.len(), |at| at + 1);
        let permissions = &rest[1..end];
        if !permissions.chars().all(|letter| "rwxXstugo".contains(letter)) {
            return None;
        }
        found.push(Clause { who, operator, permissions: permissions.to_owned() });
        rest = &rest[end..];
    }
    Some(found)
}

fn who(letter: char) -> Option<u32> {
    Some(match letter {
        'u' => 0o700,
        'g' => 0o070,
        'o' => 0o007,
        'a' => 0o777,
        _ => return None,
    })
}

impl Clause {
    fn apply(&self, mode: u32, directory: bool) -> u32 {
        let bits = self.permissions.chars().fold(0, |bits, letter| bits | self.bits(letter, mode, directory));
        match self.operator {
            '+' => mode | bits,
            '-' => mode & !bits,
            _ => (mode & !self.who & !self.special()) | bits,
        }
    }

    /// The bits that a letter stands for, for the people of this clause.
    fn bits(&self, letter: char, mode: u32, directory: bool) -> u32 {
        match letter {
            'r' => 0o444 & self.who,
            'w' => 0o222 & self.who,
            'x' => 0o111 & self.who,
            'X' if directory || mode & 0o111 != 0 => 0o111 & self.who,
            's' => self.special() & 0o6000,
            't' => 0o1000,
            'u' => spread(mode >> 6) & self.who,
            'g' => spread(mode >> 3) & self.who,
            'o' => spread(mode) & self.who,
            _ => 0,
        }
    }

    /// The set-id bits of the people of this clause.
    fn special(&self) -> u32 {
        (if self.who & 0o700 != 0 { 0o4000 } else { 0 }) | (if self.who & 0o070 != 0 { 0o2000 } else { 0 })
    }
}

/// One person's three bits for all three.
fn spread(bits: u32) -> u32 {
    (bits & 0o7) * 0o111
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_as_chmod_does() {
        let table = [
            ("755", 0o644, 0o755),
            ("4755", 0o644, 0o4755),
            ("u+x", 0o644, 0o744),
            ("go-w", 0o666, 0o644),
            ("a=r", 0o777, 0o444),
            ("+x", 0o644, 0o755),
            ("u=rwx,go=rx", 0o600, 0o755),
            ("a+X", 0o644, 0o644),
            ("a+X", 0o744, 0o755),
            ("g=u", 0o740, 0o770),
            ("u+s", 0o755, 0o4755),
            ("u+x-w", 0o644, 0o544),
            ("o+t", 0o777, 0o1777),
        ];
        for (text, before, after) in table {
            let change = Change::parse(text).expect(text);
            assert_eq!(change.apply(before, false), after, "{text} {before:o}");
        }
        assert_eq!(Change::parse("a+X").expect("valid").apply(0o600, true), 0o711);
        for bad in ["", "8", "77777", "rwx", "u+q", "z+x", "u"] {
            assert_eq!(Change::parse(bad), None, "{bad}");
        }
    }
}
