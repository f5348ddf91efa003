namespace ViSurf.Core.Data;

/// <summary>What becomes of <c>&lt;image&gt;</c>, <c>&lt;video&gt;</c> and <c>&lt;audio&gt;</c> in the texts of a row.</summary>
public enum MediaMarkers
{
    /// <summary>
    /// They say where a picture stands, as in the data sets of EasyR1, LLaMA-Factory, ms-swift and LLaVA. Without one, pictures come first.
    /// </summary>
    Place,

    /// <summary>They are text like any other, and pictures come first.</summary>
    Text,
}
