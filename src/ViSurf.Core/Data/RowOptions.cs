using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>How rows become examples.</summary>
public sealed record RowOptions
{
    /// <summary>Turns the row's question into the prompt; see <see cref="PromptTemplate"/>.</summary>
    /// <value>The question as it stands.</value>
    public Func<string, string> Prompt { get; init => field = Guard.NotNull(value); } = question => question;

    /// <summary>A system message before the question.</summary>
    /// <value>null: none; the model's chat template may add its own.</value>
    public string? SystemMessage { get; init; }

    /// <summary>How labels are written; becomes <see cref="VisionExample.LabelFormat"/>.</summary>
    /// <value>null: as the run says, which is enough where all answers have one form.</value>
    public LabelFormat? LabelFormat { get; init; }

    /// <summary>Whether a row without label is an error.</summary>
    /// <value>true: training without labels is possible but rarely meant. false for rows to predict on.</value>
    public bool RequireLabel { get; init; } = true;

    /// <summary>What <c>&lt;image&gt;</c> and its like are in a question and in <see cref="SystemMessage"/>.</summary>
    /// <value><see cref="MediaMarkers.Place"/>: data sets mean it so, and as text their places would be lost.</value>
    public MediaMarkers Markers { get; init; } = MediaMarkers.Place;

    /// <summary>The folder that pictures named by rows must lie in, links included. Paths stay relative to the rows' file.</summary>
    /// <value>
    /// null: the folder of the rows' file, so that rows from elsewhere cannot name any picture of this machine. The root (<c>/</c>) allows
    /// every place, for rows whose author you trust.
    /// </value>
    public string? PicturesWithin { get; init; }

    /// <summary>Which column holds what.</summary>
    /// <value>The names of VisionReasoner's and ViSurf's published sets, and a few more.</value>
    public ColumnMap Columns { get; init => field = Guard.NotNull(value); } = new();

    /// <summary>
    /// The frame that the labels' coordinates are in, where all rows have the same: <see cref="FrameSize.Thousandths"/>,
    /// <see cref="FrameSize.Shares"/>, <see cref="FrameSize.OfModel"/> for labels prepared for the model that is trained, or a size that
    /// pictures had. Columns of width and height are then not read.
    /// </summary>
    /// <value>
    /// null: what the row's own columns say, or else pixels of the picture in its own size, upright where its EXIF orientation is applied.
    /// </value>
    public FrameSize? LabelFrame { get; init; }

    /// <summary>What messages advise to change.</summary>
    /// <value>These options, by their names in code.</value>
    public RowAdvice Advice { get; init => field = Guard.NotNull(value); } = RowAdvice.OfOptions;

    /// <summary>What the source is called, in <see cref="VisionExample.Source"/>.</summary>
    /// <value>null: the file's name without its ending.</value>
    public string? SourceName { get; init; }
}

/// <summary>
/// Which column holds what. A list names alternatives: the first that a row has is read. The default reads
/// <c>id, problem, solution, image, img_height, img_width</c> as ViSurf's set has them.
/// </summary>
public sealed record ColumnMap
{
    /// <summary>A text or a number, unique in the data set.</summary>
    /// <value>
    /// <c>id</c>, and where a file has no such column its rows are numbered from 0, through all files of a data set. Empty: rows are
    /// numbered. Another name must be there.
    /// </value>
    public IReadOnlyList<string> Id { get; init => field = Guard.NotNull(value); } = ["id"];

    /// <summary>Whether a file without ids is no mistake: nobody has said where they are.</summary>
    internal bool NumbersRowsWithoutId => Id is ["id"];

    /// <summary>A text.</summary>
    /// <value><c>problem</c>, <c>question</c>.</value>
    public IReadOnlyList<string> Question { get; init => field = Guard.NotNull(value); } = ["problem", "question"];

    /// <summary>A picture or a list of pictures: paths relative to the file; in Parquet also bytes, or structs of bytes and path.</summary>
    /// <value><c>images</c>, <c>image</c>. Empty: rows have no pictures.</value>
    public IReadOnlyList<string> Images { get; init => field = Guard.NotNull(value); } = ["images", "image"];

    /// <summary>Labels; a row has one of them.</summary>
    /// <value><see cref="LabelColumn.Default"/>.</value>
    public IReadOnlyList<LabelColumn> Labels { get; init => field = Guard.NotNull(value); } = LabelColumn.Default;

    /// <summary>Width of the frame that the label's coordinates refer to, a number.</summary>
    /// <value>null: <c>img_width</c> where a row has it. A name that is given here must be there.</value>
    public string? Width { get; init; }

    /// <summary>Height of the same frame.</summary>
    /// <value>null: <c>img_height</c> where a row has it. A name that is given here must be there.</value>
    public string? Height { get; init; }

    /// <summary>A text that becomes <see cref="VisionExample.Source"/>, for files that mix several data sets.</summary>
    /// <value>null: the source's own name.</value>
    public string? Source { get; init; }
}

/// <summary>A column with labels, and how they are read.</summary>
/// <param name="Name">The column.</param>
/// <param name="Read">Its value to a target; throws <see cref="FormatException"/> with what was expected. See <see cref="LabelReaders"/>.</param>
public sealed record LabelColumn(string Name, Func<System.Text.Json.JsonElement, Target> Read)
{
    /// <summary><c>solution</c>, <c>answer</c>, <c>answers</c>, <c>objects</c>, <c>action</c>, <c>seg_zero</c>, <c>mask</c>.</summary>
    public static IReadOnlyList<LabelColumn> Default { get; } = System.Collections.Immutable.ImmutableArray.Create<LabelColumn>(
        new("solution", LabelReaders.Grounding),
        new("answer", LabelReaders.Text),
        new("answers", LabelReaders.Answers),
        new("objects", LabelReaders.Detection(DetectionForm.Qwen)),
        new("action", LabelReaders.GuiAction),
        new("seg_zero", LabelReaders.SegZero),
        new("mask", LabelReaders.Mask));
}

/// <summary>How messages about rows say what to change. A program whose users write a settings file, not code, names its own keys here.</summary>
/// <param name="Columns">Where columns are named.</param>
/// <param name="LabelColumns">Where it is said which label counts.</param>
/// <param name="NumberRows">What numbers rows that have no id; null where nothing does.</param>
/// <param name="WithoutColumn">What says that rows have no such column; null where nothing does.</param>
/// <param name="WithoutLabels">What reads rows without labels; null where nothing does.</param>
/// <param name="MarkersAsText">What takes <c>&lt;image&gt;</c> for text; null for the name of the option.</param>
/// <param name="PicturesWithin">What allows pictures in other places; null for the name of the option.</param>
public sealed record RowAdvice(
    string Columns, string LabelColumns, string? NumberRows = null, string? WithoutColumn = null, string? WithoutLabels = null,
    string? MarkersAsText = null, string? PicturesWithin = null)
{
    /// <summary>What says that coordinates are shares of the picture.</summary>
    /// <value><see cref="RowOptions.LabelFrame"/>.</value>
    public string Shares { get; init; } = $"{nameof(RowOptions)}.{nameof(RowOptions.LabelFrame)} = "
        + $"{nameof(FrameSize)}.{nameof(FrameSize.Shares)}";

    /// <summary>The names of <see cref="RowOptions"/>.</summary>
    public static RowAdvice OfOptions { get; } = new(
        nameof(ColumnMap), $"{nameof(ColumnMap)}.{nameof(ColumnMap.Labels)}", $"set {nameof(ColumnMap)}.{nameof(ColumnMap.Id)} to [] to have rows numbered",
        "an empty list there says that rows have none", $"load with {nameof(RowOptions.RequireLabel)} = false",
        $"set {nameof(RowOptions)}.{nameof(RowOptions.Markers)} to {nameof(MediaMarkers.Text)} to take markers for text",
        $"name the folder that holds their pictures in {nameof(RowOptions)}.{nameof(RowOptions.PicturesWithin)} (\"/\" "
            + $"allows every place)");
}
