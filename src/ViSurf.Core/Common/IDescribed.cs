namespace ViSurf.Core.Common;

/// <summary>
/// A part that can say what it computes with, so that a resumed run notices another clip or coefficient, also inside other parts. Whoever
/// writes an objective, a sampler or a reference of their own implements it in a line.
/// </summary>
public interface IDescribed
{
    /// <summary>
    /// Its name and every setting that changes what it computes, inner parts in the same way (<see cref="Descriptions.Of"/>). Equal for
    /// equal settings, on every machine and in every culture.
    /// </summary>
    string Description { get; }
}

/// <summary>What parts of a run say of themselves.</summary>
public static class Descriptions
{
    /// <summary>A part's own description; a wrapper's name and what it stands before; for anything else the name of its class.</summary>
    /// <param name="part">The part, or a function that one of the library's factories made; null is "none".</param>
    /// <returns>One line.</returns>
    public static string Of(object? part) => part switch
    {
        null => "none",
        IDescribed described => described.Description,
        Delegate { Target: IDescribed described } => described.Description,
        // A method that somebody named. What the compiler names is a lambda, and called otherwise by the next compiler.
        Delegate function => function.Method.Name.Contains('<') ? "a function" : function.Method.Name,
        IWrapper wrapper => $"{part.GetType().Name}({string.Join(", ", wrapper.Inner.Select(Of))})",
        _ => part.GetType().Name,
    };
}
