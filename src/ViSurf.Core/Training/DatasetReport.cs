using System.Collections.Frozen;
using ViSurf.Core.Common;

namespace ViSurf.Core.Training;

/// <summary>What becomes of a data set with rows that are not fit for training.</summary>
public enum BadRowPolicy
{
    /// <summary>Nothing is trained on until they are fixed.</summary>
    Stop,

    /// <summary>They are left out, and counted.</summary>
    Skip,
}

/// <summary>One thing that is wrong with one row.</summary>
/// <param name="Row">Its number in the source, from 0.</param>
/// <param name="Place">File and line, or file, row group and row.</param>
/// <param name="Id">Null when the row could not be read.</param>
/// <param name="Reason">What is wrong.</param>
public sealed record RowProblem(long Row, string Place, string? Id, string Reason)
{
    /// <summary>Place, id and reason in one line.</summary>
    public override string ToString() => Id is null ? Reason : $"{Place} (id '{Id}'): {Reason}";
}

/// <summary>What a look at every row of a source found; made by <see cref="DatasetCheck.Report"/>.</summary>
/// <param name="Source">The source's name.</param>
/// <param name="Rows">Rows looked at.</param>
/// <param name="Problems">In the order of the rows; a row may have several.</param>
public sealed record DatasetReport(string Source, long Rows, IReadOnlyList<RowProblem> Problems)
{
    /// <summary>The rows that have problems: what a stream passes over (<c>new ShuffledStream(source, seed) { Skip = report.BadRows }</c>).</summary>
    public IReadOnlySet<long> BadRows { get; } = Guard.NotNull(Problems).Select(problem => problem.Row).ToFrozenSet();

    /// <summary>What <see cref="Describe"/> says leaves bad rows out; a program with settings of its own says its key.</summary>
    /// <value>BadRowPolicy.Skip.</value>
    public string SkipAdvice { get; init => field = Guard.NotBlank(value); } = $"{nameof(BadRowPolicy)}.{nameof(BadRowPolicy.Skip)}";

    /// <summary>What is worth knowing and no reason to leave a row out, each with its number of rows.</summary>
    /// <value>None.</value>
    public IReadOnlyList<string> Notes { get; init => field = Guard.NotNull(value); } = [];

    /// <summary>Returns this report when the rows can be trained on.</summary>
    /// <param name="policy">What bad rows lead to.</param>
    /// <param name="limit">Most problems that the message lists.</param>
    /// <exception cref="InvalidDataException">
    /// There are no rows, or bad ones and the policy is to stop, or none is left; lists them, one line each.
    /// </exception>
    public DatasetReport Ensure(BadRowPolicy policy = BadRowPolicy.Stop, int limit = 20)
        => Rows > 0 && (Problems.Count == 0 || (policy == BadRowPolicy.Skip && BadRows.Count < Rows)) ? this
            : throw new InvalidDataException(Describe(limit));

    /// <summary>
    /// A line that counts, one line per problem, and one per note. Rows that cannot be read for one and the same reason share a line.
    /// </summary>
    /// <param name="limit">Most problems that are listed.</param>
    public string Describe(int limit = 20)
    {
        var problems = Lines();
        var lines = problems.Take(Guard.Positive(limit)).Select(problem => $"  {problem}").Prepend(
            Rows == 0 ? $"{Source}: expected rows, found none. Is it the file that was meant?"
                : Problems.Count == 0 ? $"{Source}: {Rows} rows, all fit for training."
                : $"{Source}: {BadRows.Count} of {Rows} rows are not fit for training. Fix them, or leave them out ({SkipAdvice}):");
        if (problems.Count > limit) lines = lines.Append($"  … and {problems.Count - limit} more problems.");
        return string.Join(Environment.NewLine, lines.Concat(Notes.Select(note => $"  Note: {note}.")));
    }

    private List<string> Lines()
    {
        var lines = new List<string>();
        for (int first = 0, next; first < Problems.Count; first = next)
        {
            // A row group that is damaged is one fault, not one of each of its rows.
            for (next = first + 1; Problems[first].Id is null && next < Problems.Count && Same(Problems[first], Problems[next]); next++);
            lines.Add(next - first == 1 ? $"{Problems[first]}" : $"{Problems[first]} ({next - first} rows)");
        }
        return lines;

        static bool Same(RowProblem one, RowProblem other) => other.Id is null && one.Reason == other.Reason;
    }
}
