using ViSurf.Core.Common;

namespace ViSurf.Core.Reporting;

/// <summary>What <see cref="HtmlReport"/> says about a run, how often, and how much.</summary>
public sealed record HtmlReportOptions
{
    /// <summary>The run's name, the title of the page.</summary>
    /// <value>"Training run".</value>
    public string Name { get; init => field = Guard.NotBlank(value); } = "Training run";

    /// <summary>Steps the run will have, for its progress; null when that is not known.</summary>
    /// <value>null.</value>
    public long? Steps { get; init => field = value is { } steps ? Guard.Positive(steps) : null; }

    /// <summary>The file is written after the first step and then every so many steps, greater than 0.</summary>
    /// <value>10: a report of some hundred kB takes a fraction of a second.</value>
    public int Every { get; init => field = Guard.Positive(value); } = 10;

    /// <summary>Names and values to show, in this order: whatever makes the run what it is.</summary>
    /// <value>Empty.</value>
    public IReadOnlyList<KeyValuePair<string, string>> Settings { get; init => field = Guard.NotNull(value); } = [];

    /// <summary>Groups in the gallery at most, 0 or more: a third of them of the latest step.</summary>
    /// <value>12.</value>
    public int Groups { get; init => field = Guard.NotNegative(value); } = 12;

    /// <summary>Longest side of a picture in the report, in pixels, greater than 0. Larger pictures are made smaller.</summary>
    /// <value>448: what a column of the page shows.</value>
    public int PictureSide { get; init => field = Guard.Positive(value); } = 448;

    /// <summary>Largest size of the file in bytes, at least <see cref="LeastBytes"/>. Groups for which there is no room are left out, and the report says how many.</summary>
    /// <value>3,000,000: opens at once and can be sent by mail.</value>
    public int MostBytes { get; init => field = Guard.InRange(value, LeastBytes, int.MaxValue); } = 3_000_000;

    /// <summary>
    /// From a picture's width and height to the width and height of the frame in which labels and answers have their coordinates. Asked only for examples
    /// that do not know it themselves (<see cref="Data.VisionExample.LabelFrame"/>).
    /// </summary>
    /// <value>The picture's own size.</value>
    public Func<int, int, (int Width, int Height)> Frame { get; init => field = Guard.NotNull(value); } = (width, height) => (width, height);

    /// <summary>Called with the error when the file cannot be written during the run. The report goes on and tries again at its next turn.</summary>
    /// <value>null: the error is thrown, and ends the run where it is a callback. <see cref="HtmlReport.Write"/> called by hand always throws.</value>
    public Action<IOException>? OnError { get; init; }

    /// <summary>Where the report has the time from.</summary>
    /// <value><see cref="TimeProvider.System"/>.</value>
    public TimeProvider Clock { get; init => field = Guard.NotNull(value); } = TimeProvider.System;

    /// <summary>Room for everything but the gallery when every chart is full.</summary>
    public const int LeastBytes = 2_500_000;
}
