using Xunit;
using Xunit.Abstractions;

// Classes run beside each other, as many as there are cores: dispose scopes, their statistics and grad mode are per thread. What looks at
// the whole process is in Alone. test.runsettings gives libtorch one thread, so that two tests do not fight for the cores.
[assembly: TestCollectionOrderer("ViSurf.Core.Tests.Support.LongestFirst", "ViSurf.Core.Tests")]

namespace ViSurf.Core.Tests.Support;

/// <summary>Classes that measure or change something of the whole process: they run one by one when the others are done.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}

/// <summary>Starts what takes longest first, so that no core waits for it at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long =
    [
        "KilledTrainingTests", "TrainingRunTests", "ResumeTests", "OwnRewardsTests", "EveryRewardTests", "MutatedHeaderTests", "BFloat16Parity",
        "GroupsEqualSequencesTests", "ResumedReportTests",
    ];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections)
        => testCollections.OrderBy(c => Array.FindIndex(Long, name => c.DisplayName.EndsWith("." + name, StringComparison.Ordinal)) is >= 0 and var i ? i : Long.Length);
}
