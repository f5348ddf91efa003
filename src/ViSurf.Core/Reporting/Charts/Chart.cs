namespace ViSurf.Core.Reporting.Charts;

/// <summary>One line of a chart.</summary>
/// <param name="Name">As the legend says it.</param>
/// <param name="Key">Its numbers in the timeline.</param>
/// <param name="Colour">1 to <see cref="Chart.Colours"/>.</param>
internal sealed record ChartLine(string Name, string Key, int Colour)
{
    /// <summary>Numbers whose value above and below the line is shaded: a standard deviation; null for none.</summary>
    public string? Around { get; init; }
}

/// <summary>Lines over the same steps.</summary>
/// <param name="Title">What is drawn.</param>
/// <param name="Meaning">A sentence for who sees it for the first time; may be empty.</param>
/// <param name="Unit">Of all its numbers.</param>
/// <param name="Lines">At most <see cref="Colours"/>.</param>
internal sealed record Chart(string Title, string Meaning, ChartUnit Unit, IReadOnlyList<ChartLine> Lines)
{
    /// <summary>Colours that can be told apart.</summary>
    public const int Colours = 6;

    /// <summary>Whether values are put on top of each other, so that the upper edge is their sum.</summary>
    public bool Stacked { get; init; }

    /// <summary>Whether every value is marked: few values, measured now and then.</summary>
    public bool Marked { get; init; }

    /// <summary>Whether it is left out while all its numbers are 0.</summary>
    public bool OnlyIfAny { get; init; }

    /// <summary>What the first column of its table counts.</summary>
    public string Over { get; init; } = "Step";
}
