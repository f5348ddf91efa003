namespace ViSurf.Core.Models.Tokens.Patterns;

/// <summary>A part of a pattern that was read: either syntax that .NET shares, or a set of characters.</summary>
internal readonly record struct PatternPart(string? Syntax, CodePointSet? Set);
