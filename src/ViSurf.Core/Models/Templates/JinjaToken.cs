namespace ViSurf.Core.Models.Templates;

internal enum JinjaKind
{
    /// <summary>Text outside of tags.</summary>
    Data,

    /// <summary><c>{%</c>.</summary>
    BlockBegin,

    /// <summary><c>%}</c>.</summary>
    BlockEnd,

    /// <summary><c>{{</c>.</summary>
    OutputBegin,

    /// <summary><c>}}</c>.</summary>
    OutputEnd,

    /// <summary>A name or a word of the language.</summary>
    Name,

    /// <summary>A text in quotes.</summary>
    Text,

    /// <summary>A number without a point.</summary>
    Integer,

    /// <summary>An operator or a bracket.</summary>
    Operator,

    /// <summary>After everything.</summary>
    End,
}

/// <param name="Kind">What it is.</param>
/// <param name="Value">Its text; of a text in quotes what it stands for.</param>
/// <param name="Line">From 1.</param>
internal readonly record struct JinjaToken(JinjaKind Kind, string Value, int Line);
