using System.Collections.Frozen;

namespace ViSurf.Core.Rewards.Algebra;

/// <summary>LaTeX commands without arguments as text. Unknown ones, fonts and spacing among them, are nothing; their arguments stay.</summary>
internal static class LatexSymbols
{
    private static readonly FrozenDictionary<string, string> Symbols = new Dictionary<string, string>
    {
        ["pi"] = "pi", ["infty"] = "inf", ["cup"] = "U", ["cdot"] = "*", ["times"] = "*", ["div"] = "/", ["ast"] = "*",
        ["circ"] = "∘", ["degree"] = "°", ["pm"] = "±", ["mp"] = "∓", ["cap"] = "∩", ["setminus"] = "∖", ["emptyset"] = "∅", ["varnothing"] = "∅",
        ["le"] = "≤", ["leq"] = "≤", ["ge"] = "≥", ["geq"] = "≥", ["lt"] = "<", ["gt"] = ">", ["ne"] = "≠", ["neq"] = "≠", ["approx"] = "≈", ["equiv"] = "≡",
        ["in"] = "∈", ["subset"] = "⊂", ["to"] = "→", ["rightarrow"] = "→", ["implies"] = "⟹", ["angle"] = "∠", ["perp"] = "⊥", ["parallel"] = "∥",
        ["ldots"] = "…", ["dots"] = "…", ["cdots"] = "⋯", ["mid"] = "|", ["vert"] = "|", ["lvert"] = "|", ["rvert"] = "|", ["sum"] = "∑", ["int"] = "∫", ["prime"] = "′",
        ["lfloor"] = "⌊", ["rfloor"] = "⌋", ["lceil"] = "⌈", ["rceil"] = "⌉", ["langle"] = "⟨", ["rangle"] = "⟩", ["lbrace"] = "{", ["rbrace"] = "}",
        ["alpha"] = "α", ["beta"] = "β", ["gamma"] = "γ", ["delta"] = "δ", ["epsilon"] = "ϵ", ["varepsilon"] = "ε", ["zeta"] = "ζ", ["eta"] = "η",
        ["theta"] = "θ", ["iota"] = "ι", ["kappa"] = "κ", ["lambda"] = "λ", ["mu"] = "μ", ["nu"] = "ν", ["xi"] = "ξ", ["rho"] = "ρ", ["sigma"] = "σ",
        ["tau"] = "τ", ["upsilon"] = "υ", ["phi"] = "ϕ", ["varphi"] = "φ", ["chi"] = "χ", ["psi"] = "ψ", ["omega"] = "ω",
        ["Gamma"] = "Γ", ["Delta"] = "Δ", ["Theta"] = "Θ", ["Lambda"] = "Λ", ["Xi"] = "Ξ", ["Pi"] = "Π", ["Sigma"] = "Σ", ["Phi"] = "Φ", ["Psi"] = "Ψ", ["Omega"] = "Ω",
        ["sin"] = "sin", ["cos"] = "cos", ["tan"] = "tan", ["sec"] = "sec", ["csc"] = "csc", ["cot"] = "cot", ["arcsin"] = "arcsin", ["arccos"] = "arccos",
        ["arctan"] = "arctan", ["sinh"] = "sinh", ["cosh"] = "cosh", ["tanh"] = "tanh", ["ln"] = "ln", ["lg"] = "lg", ["log"] = "log", ["exp"] = "exp",
        ["max"] = "max", ["min"] = "min", ["lim"] = "lim", ["gcd"] = "gcd", ["det"] = "det", ["dim"] = "dim", ["deg"] = "deg", ["quad"] = " ", ["qquad"] = " ",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static string Find(string name) => Symbols.GetValueOrDefault(name, "");
}
